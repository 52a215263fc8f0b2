#!/usr/bin/env python3
"""A raw EventSource in a real Chromium, none of the page's code around it: what the browser alone makes of our stream.

Two ways to run it.

1. By itself: BASE_URL and RESTART_COMMAND (run by a shell when some events came; it ends and starts the server on the
   same port, with whatever signal it likes, and returns). Starts a `demo.steps` job, restarts the server in its midst, and
   checks: contiguous ids, no event twice, one terminal event, which is the last, then silence (204, readyState CLOSED).
   STEPS (60), INTERVAL_MS (100), RESTART_AFTER (10) shape it. Exit status 0, 1 with the fact that does not hold, 2 when
   the browser could not be used.

2. `--driven`: a test drives it. Each line on standard input is a command, each line on standard output a JSON object:
       {"do":"open","url":"/v1/jobs/ID/events","names":["tick"]}   (names beyond the usual ones)
       {"do":"state"}    answers {"ready_state":0|1|2}
       {"do":"verdict"}  answers {"verdict":"ok"|"…","events":N,"terminal":N,"ready_state":…}
       {"do":"close"}    closes the EventSource
       {"do":"quit"}     (or the end of the input)
   and without being asked: {"event":"progress","id":"k3f9-4","data":"{…}"}, {"change":"open"|"error","ready_state":…}.
"""

import json
import os
import queue
import subprocess
import sys
import threading

from selenium.common.exceptions import WebDriverException

import browser
from browser import check, wait_until

NAMES = ["status", "progress", "log", "result", "input_required", "retrying", "completed", "failed", "cancelled", "gap",
         "closing", "message", "transcript"]
UNNUMBERED = {"status", "gap", "closing"}
TERMINAL = {"completed", "failed", "cancelled"}

OPEN = """
const [url, names] = arguments;
window.seen = [];
window.source = new EventSource(url);
const note = (change) => window.seen.push({ change, ready_state: window.source.readyState });
window.source.onopen = () => note("open");
window.source.onerror = (event) => event instanceof MessageEvent || note("error");
for (const name of names)
  window.source.addEventListener(name, (event) =>
    window.seen.push({ event: name, id: event.lastEventId, data: event.data }));
"""
TAKE = "return window.seen ? window.seen.splice(0) : []"
STATE = "return window.source ? window.source.readyState : null"
CREATE = """
return fetch("/v1/jobs", {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(arguments[0]),
}).then((response) => response.json());
"""
CLOSED = 2


class Reader:
    """One EventSource and all that it dispatched, in order."""

    def __init__(self, driver):
        self.driver = driver
        self.events = []
        self.changes = []

    def open(self, url, names=()):
        self.events, self.changes = [], []
        self.driver.execute_script(OPEN, url, NAMES + [name for name in names if name not in NAMES])

    def take(self):
        """New records since the last call."""
        new = self.driver.execute_script(TAKE)
        self.events += [record for record in new if "event" in record]
        self.changes += [record for record in new if "change" in record]
        return new

    @property
    def ready_state(self):
        return self.driver.execute_script(STATE)

    @property
    def numbered(self):
        return [event for event in self.events if event["event"] not in UNNUMBERED]

    @property
    def ended(self):
        return any(event["event"] in TERMINAL for event in self.events)

    def close(self):
        self.driver.execute_script("window.source?.close()")


def verdict(reader):
    """"ok", or the first promise that the events seen so far break."""
    numbered = reader.numbered
    ids = [event["id"] for event in numbered]
    if len(set(ids)) != len(ids):
        return f"an event came twice: {ids}"
    if len({id.rsplit("-", 1)[0] for id in ids}) > 1:
        return f"the epoch changed within the log: {ids}"
    numbers = [int(id.rsplit("-", 1)[1]) for id in ids]
    if numbers != list(range(1, len(numbers) + 1)):
        return f"the numbers are not 1, 2, 3 …: {numbers}"
    gaps = [event["data"] for event in reader.events if event["event"] == "gap"]
    if gaps:
        return f"a gap was announced: {gaps}"
    terminal = [event["event"] for event in numbered if event["event"] in TERMINAL]
    if len(terminal) > 1:
        return f"there is more than one terminal event: {terminal}"
    if terminal and numbered[-1]["event"] not in TERMINAL:
        return f"{numbered[-1]['event']} came after {terminal[0]}"
    return "ok"


def across_a_restart(reader, restart_command):
    steps, interval_ms = int(os.environ.get("STEPS", "60")), int(os.environ.get("INTERVAL_MS", "100"))
    restart_after = int(os.environ.get("RESTART_AFTER", "10"))
    driver = reader.driver
    job = driver.execute_script(CREATE, {"kind": "demo.steps", "input": {"steps": steps, "interval_ms": interval_ms}})
    check("a job was created", "stream_url" in job, job)
    reader.open(job["stream_url"])

    wait_until(driver, f"{restart_after} events came", lambda: reader.take() is not None and len(reader.numbered) >= restart_after)
    check("the job runs while the server is ended", not reader.ended)
    check("the first event is status and has no id", reader.events[0]["event"] == "status" and not reader.events[0]["id"])
    subprocess.run(restart_command, shell=True, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    wait_until(driver, "the terminal event came", lambda: reader.take() is not None and reader.ended)
    wait_until(driver, "the browser gave up after the terminal event (204)", lambda: reader.ready_state == CLOSED)
    reader.take()
    check("the browser reconnected by itself", sum(change["change"] == "open" for change in reader.changes) >= 2, reader.changes)
    check("ids contiguous, no event twice, one terminal event and it is the last", verdict(reader) == "ok", verdict(reader))
    print(f"     {len(reader.numbered)} events, the last is {reader.numbered[-1]['event']}", file=sys.stderr)

    # CLOSED is for good, so silence needs no waiting: one more look after the page had a turn is enough.
    driver.execute_async_script("setTimeout(arguments[0], 1500)")
    check("then silence", reader.take() == [] and reader.ready_state == CLOSED)


def say(record):
    print(json.dumps(record), flush=True)


def driven(reader):
    commands = queue.Queue()

    def read():
        for line in sys.stdin:
            commands.put(line)
        commands.put('{"do":"quit"}')

    threading.Thread(target=read, daemon=True).start()
    say({"ready": True})
    while True:
        for record in reader.take():
            say(record)
        try:
            command = json.loads(commands.get(timeout=0.03))
        except queue.Empty:
            continue
        except ValueError as error:
            say({"refused": str(error)})
            continue
        what = command.get("do")
        if what == "open":
            reader.open(command["url"], command.get("names", ()))
        elif what == "close":
            reader.close()
        elif what == "state":
            say({"ready_state": reader.ready_state})
        elif what == "verdict":
            for record in reader.take():
                say(record)
            terminal = sum(event["event"] in TERMINAL for event in reader.numbered)
            events = len(reader.numbered)
            say({"verdict": verdict(reader), "events": events, "terminal": terminal, "ready_state": reader.ready_state})
        elif what == "quit":
            return
        else:
            say({"refused": f"unknown command {what!r}"})


def main():
    base = browser.base_url()
    restart_command = os.environ.get("RESTART_COMMAND")
    is_driven = "--driven" in sys.argv[1:]
    if not is_driven and not restart_command:
        sys.exit("RESTART_COMMAND is not set (or use --driven)")
    try:
        driver = browser.start()
    except WebDriverException as error:
        print(f"eventsource_test: Chromium did not start: {error}", file=sys.stderr)
        return 2
    try:
        # Any document of the origin will do; the style sheet runs no code of its own.
        driver.get(base + "/style.css")
        if is_driven:
            driven(Reader(driver))
        else:
            across_a_restart(Reader(driver), restart_command)
    except (AssertionError, WebDriverException, subprocess.CalledProcessError) as error:
        reason = error.msg if isinstance(error, WebDriverException) else error
        print(f"eventsource_test: FAILED: {reason}", file=sys.stderr)
        return 1
    finally:
        driver.quit()
    if not is_driven:
        print("eventsource_test: all facts hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
