"""Jobs of the kind `demo.steps` as an asyncio service keeps them: a dict in memory, a task for each, a queue for each of its readers.

Requests and events as Millstream has them, and nothing of it is durable: when the process ends, jobs and events are gone. What it
cannot do (other kinds, `run_at`, `block`, `busy`) it refuses instead of doing something else.
"""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import JSONResponse, Response

# For how long a job that has ended can still be read.
KEPT_S = 60

jobs = {}
# asyncio keeps only a weak reference to a task.
tasks = set()


@dataclass(slots=True)
class Job:
    steps: int
    interval_ms: int
    data_bytes: int
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "queued"
    step: int = 0
    events: list = field(default_factory=list)
    readers: set = field(default_factory=set)

    def describe(self):
        progress = round(100 * self.step / self.steps) if self.steps else 0
        url = f"/v1/jobs/{self.id}/events"
        return {"id": self.id, "kind": "demo.steps", "state": self.state, "progress": progress, "stream_url": url}

    def emit(self, name, data):
        event = ServerSentEvent(data=data, id=str(len(self.events) + 1), event=name)
        self.events.append(event)
        for queue in self.readers:
            queue.put_nowait(event)

    async def run(self):
        """Steps are due counted from the start and not from the step before: delays do not add up."""
        start = time.monotonic()
        self.state = "in_progress"
        while self.step < self.steps:
            wait = start + (self.step + 1) * self.interval_ms / 1000 - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self.step += 1
            numbers = (time.monotonic_ns(), self.step, self.steps, 100 * self.step / self.steps)
            head = '{"t":%d,"step":%d,"steps":%d,"progress":%.2f,"pad":"' % numbers
            self.emit("progress", head.ljust(self.data_bytes - 2, "x") + '"}')
        self.state = "completed"
        self.emit("completed", json.dumps(self.describe()))
        asyncio.get_running_loop().call_later(KEPT_S, jobs.pop, self.id)


async def create(request):
    body = await request.json()
    plan = body.get("input", {})
    if body.get("kind") != "demo.steps" or body.get("run_at") or plan.get("block") or plan.get("busy"):
        return Response(status_code=400)
    job = Job(plan.get("steps", 13), plan.get("interval_ms", 50), plan.get("data_bytes", 200))
    jobs[job.id] = job
    task = asyncio.create_task(job.run())
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return JSONResponse(job.describe(), status_code=202)


async def watch(request):
    job = jobs.get(request.path_params["id"])
    if job is None:
        return Response(status_code=404)
    seen = int(request.headers.get("last-event-id", 0))

    async def generate():
        queue = asyncio.Queue()
        for event in job.events[seen:]:
            queue.put_nowait(event)
        job.readers.add(queue)
        try:
            yield ServerSentEvent(data=json.dumps(job.describe()), event="status")
            while True:
                event = await queue.get()
                yield event
                if event.event == "completed":
                    return
        finally:
            job.readers.discard(queue)

    return EventSourceResponse(generate(), ping=15, sep="\n")
