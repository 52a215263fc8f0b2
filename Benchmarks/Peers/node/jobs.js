// Jobs of the kind `demo.steps` as a Node service keeps them: a Map in memory, an async function for each, its events in an array so
// that a reader who comes late, or comes back with `Last-Event-ID`, misses nothing. Requests and events as Millstream has them, and
// nothing of it is durable: when the process ends, jobs and events are gone. Nor is there a queue, a limit or a check of who asks. What it
// cannot do (other kinds, `run_at`, `block`, `busy`) it refuses instead of doing something else.
'use strict';
const { randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');

// For how long a job that has ended can still be read.
const KEPT_MS = 60_000;

const jobs = new Map();

function describe({ id, state, steps, step }) {
  const progress = steps > 0 ? Math.round((100 * step) / steps) : 0;
  return JSON.stringify({ id, kind: 'demo.steps', state, progress, stream_url: `/v1/jobs/${id}/events` });
}

function emit(job, name, data) {
  const event = `id: ${job.events.length + 1}\nevent: ${name}\ndata: ${data}\n\n`;
  job.events.push(event);
  for (const response of job.readers) response.write(event);
}

// Steps are due counted from the start and not from the step before: delays do not add up.
async function run(job) {
  const start = performance.now();
  job.state = 'in_progress';
  while (job.step < job.steps) {
    const wait = start + (job.step + 1) * job.intervalMs - performance.now();
    if (wait > 0) await sleep(wait);
    job.step += 1;
    const progress = ((100 * job.step) / job.steps).toFixed(2);
    const head = `{"t":${process.hrtime.bigint()},"step":${job.step},"steps":${job.steps},"progress":${progress},"pad":"`;
    emit(job, 'progress', head.padEnd(job.dataBytes - 2, 'x') + '"}');
  }
  job.state = 'completed';
  emit(job, 'completed', describe(job));
  for (const response of job.readers) response.end();
  setTimeout(() => jobs.delete(job.id), KEPT_MS);
}

function begin({ kind, input = {}, run_at: runAt }) {
  if (kind !== 'demo.steps' || runAt || input.block || input.busy) return null;
  const { steps = 13, interval_ms: intervalMs = 50, data_bytes: dataBytes = 200 } = input;
  const job = {
    id: randomUUID(), state: 'queued', steps, step: 0, intervalMs, dataBytes, events: [], readers: new Set(),
  };
  jobs.set(job.id, job);
  // After the answer.
  setImmediate(run, job);
  return job;
}

function parse(body) {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

function create(request, response) {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text) => (body += text));
  request.on('end', () => {
    const job = begin(parse(body));
    if (!job) return response.writeHead(400, { 'Content-Length': 0 }).end();
    const answer = describe(job);
    response.writeHead(202, { 'Content-Type': 'application/json', 'Content-Length': answer.length }).end(answer);
  });
}

function watch(id, request, response) {
  const job = jobs.get(id);
  if (!job) return response.writeHead(404, { 'Content-Length': 0 }).end();
  const seen = Number(request.headers['last-event-id'] ?? 0);
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write(`event: status\ndata: ${describe(job)}\n\n` + job.events.slice(seen).join(''));
  if (job.state === 'completed') return response.end();
  job.readers.add(response);
  response.on('close', () => job.readers.delete(response));
}

module.exports = { create, watch };
