"""One unchanged client of the field against a job's stream, directly or through a proxy.

    stream_client.py CLIENT BASE_URL JOB_ID

CLIENT is httpx-sse, sseclient-py, requests-sse, node-eventsource, curl or curl-gzip. The job is of a kind whose program sends
`step` with data n and says n+1 only after somebody posted n as input: this script posts it when, and only when, the client has
dispatched n. A server or proxy that holds events back therefore does not make this slow, it makes it hang until the deadline.

Checked: `status` comes first and has no id of its own; ids are 1, 2, 3 …; there is one terminal event and it is the last; a client
that comes back with the last id gets 204.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.request

LIBRARY, BASE, JOB = sys.argv[1:4]
URL = f"{BASE}/v1/jobs/{JOB}/events"
UNNUMBERED = {"status", "gap", "closing"}
TERMINAL = {"completed", "failed", "cancelled"}
signal.alarm(240)


def httpx_sse(cursor):
    import httpx
    from httpx_sse import connect_sse

    headers = {"Last-Event-ID": cursor} if cursor else {}
    with httpx.Client(timeout=200) as client, connect_sse(client, "GET", URL, headers=headers) as source:
        if source.response.status_code == 204:
            return
        for event in source.iter_sse():
            yield event.event, event.id, event.data


def sseclient_py(cursor):
    import requests
    from sseclient import SSEClient

    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": cursor} if cursor else {})
    response = requests.get(URL, stream=True, headers=headers, timeout=200)
    if response.status_code == 204:
        return
    for event in SSEClient(response).events():
        yield event.event, event.id, event.data


def requests_sse(cursor):
    from requests_sse import EventSource, InvalidStatusCodeError

    try:
        with EventSource(URL, timeout=200, latest_event_id=cursor or None, max_connect_retry=0) as source:
            for event in source:
                yield event.type, event.last_event_id, event.data
                if event.type in TERMINAL:
                    return
    except InvalidStatusCodeError as error:
        assert error.status_code == 204, error.status_code


NODE = """
const EventSource = require("eventsource");
const [url, cursor] = process.argv.slice(1);
const source = new EventSource(url, cursor ? { headers: { "Last-Event-ID": cursor } } : {});
for (const name of ["status", "step", "log", "completed", "failed", "cancelled", "gap", "closing"])
  source.addEventListener(name, (event) =>
    console.log(JSON.stringify([name, event.lastEventId, event.data])));
source.onerror = () => { if (source.readyState === EventSource.CLOSED) process.exit(0); };
"""


def node_eventsource(cursor):
    """Reconnects by itself after the terminal event; ends when that is answered with 204."""
    environment = os.environ | {"NODE_PATH": "/usr/share/nodejs"}
    node = subprocess.Popen(["node", "-e", NODE, URL, cursor or ""], stdout=subprocess.PIPE, text=True, env=environment)
    for line in node.stdout:
        yield tuple(json.loads(line))
    assert node.wait() == 0


def curl(cursor, *options):
    if cursor:
        status = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Last-Event-ID: {cursor}", URL],
            capture_output=True, text=True).stdout
        assert status == "204", status
        return
    process = subprocess.Popen(["curl", "-sS", "-N", *options, URL], stdout=subprocess.PIPE, text=True)
    name, id, data = "message", "", []
    for line in process.stdout:
        field, _, value = line.rstrip("\n").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "id":
            id = value
        elif field == "data":
            data.append(value)
        elif not line.strip() and data:
            yield name, id, "\n".join(data)
            name, data = "message", []
    assert process.wait() == 0, "curl saw the stream broken off"


CLIENTS = {
    "httpx-sse": httpx_sse, "sseclient-py": sseclient_py, "requests-sse": requests_sse,
    "node-eventsource": node_eventsource, "curl": curl, "curl-gzip": lambda cursor: curl(cursor, "--compressed"),
}


def acknowledge(n):
    body = json.dumps({"input": n}).encode()
    request = urllib.request.Request(f"{BASE}/v1/jobs/{JOB}/input", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=200) as answer:
        assert answer.status == 202, answer.status


def main():
    events = []
    for name, id, data in CLIENTS[LIBRARY](None):
        events.append((name, id, data))
        print(name, id, data[:60], flush=True)
        if name == "step":
            acknowledge(json.loads(data))
    assert events[0][0] == "status", events[0]
    assert not events[0][1], f"status has the id {events[0][1]}"
    numbered = [event for event in events if event[0] not in UNNUMBERED]
    numbers = [int(id.rsplit("-", 1)[1]) for _, id, _ in numbered]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    assert [name for name, _, _ in numbered] == ["step"] * 5 + ["completed"], numbered
    assert all(name in TERMINAL | {"step", "status"} for name, _, _ in events), events
    again = list(CLIENTS[LIBRARY](numbered[-1][1]))
    assert again == [], again
    print("all facts hold")


main()
