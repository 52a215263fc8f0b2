"""sse-starlette on uvicorn, as its own examples do it: one asyncio.Queue per client, filled by the publisher.

Requests as in ../common/peer.h; jobs in jobs.py. All of it is in memory and goes with the process. One process, uvloop and httptools:
the fastest set-up that `uvicorn[standard]` offers.
"""

import asyncio
import time
from collections import defaultdict

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

import jobs

queues = defaultdict(set)
sequences = defaultdict(int)
publishers = set()


def publish(topic, data_bytes):
    sequences[topic] += 1
    head = '{"t":%d,"seq":%d,"topic":%d,"pad":"' % (time.monotonic_ns(), sequences[topic], topic)
    event = (sequences[topic], head + "x" * (data_bytes - len(head) - 2) + '"}')
    for queue in queues[topic]:
        queue.put_nowait(event)


async def run(rate, count, topics, data_bytes):
    """The times are planned from the start (open loop): a slow server gets no rest from a slow publisher."""
    start = time.monotonic()
    sent = 0
    while sent < count:
        due = min(count, int((time.monotonic() - start) * rate) + 1 if rate > 0 else sent + 1)
        while sent < due:
            publish(sent % topics, data_bytes)
            sent += 1
        await asyncio.sleep(0.001 if rate > 0 else 0)


async def events(request):
    topic = request.path_params["topic"]
    queue = asyncio.Queue()

    async def generate():
        queues[topic].add(queue)
        try:
            while True:
                sequence, data = await queue.get()
                yield ServerSentEvent(data=data, id=str(sequence), event="message")
        finally:
            queues[topic].discard(queue)

    return EventSourceResponse(generate(), ping=15, sep="\n")


async def start_publishing(request):
    number = request.query_params.get
    plan = run(float(number("rate", 0)), int(number("count", 1)), int(number("topics", 1)), int(number("bytes", 200)))
    # asyncio keeps only a weak reference to a task.
    publisher = asyncio.create_task(plan)
    publishers.add(publisher)
    publisher.add_done_callback(publishers.discard)
    return Response(status_code=202)


app = Starlette(
    routes=[
        Route("/events/{topic:int}", events),
        Route("/publish", start_publishing, methods=["POST"]),
        Route("/v1/jobs", jobs.create, methods=["POST"]),
        Route("/v1/jobs/{id}/events", jobs.watch),
    ]
)
