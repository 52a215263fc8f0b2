// Node's own http module, as its documentation shows server-sent events: an EventEmitter per process, res.write per client.
// Requests as in ../common/peer.h; jobs in jobs.js. All of it is in memory and goes with the process. Back-pressure is not heeded, because
// hardly any example of the field does.
'use strict';
const http = require('node:http');
const { EventEmitter } = require('node:events');
const jobs = require('./jobs.js');

const port = Number(process.argv[2]);
const topics = new EventEmitter();
topics.setMaxListeners(0);
const sequences = new Map();

function publish(topic, bytes) {
  const seq = (sequences.get(topic) || 0) + 1;
  sequences.set(topic, seq);
  const head = `{"t":${process.hrtime.bigint()},"seq":${seq},"topic":${topic},"pad":"`;
  const data = head + 'x'.repeat(Math.max(0, bytes - head.length - 2)) + '"}';
  topics.emit(topic, `id: ${seq}\nevent: message\ndata: ${data}\n\n`);
}

// The times are planned from the start (open loop): a slow server gets no rest from a slow publisher.
function run({ rate, count, topicCount, bytes }) {
  const start = process.hrtime.bigint();
  let sent = 0;
  const step = () => {
    const planned = Math.floor((Number(process.hrtime.bigint() - start) * rate) / 1e9) + 1;
    const due = Math.min(count, rate > 0 ? planned : sent + 1);
    while (sent < due) publish(String(sent++ % topicCount), bytes);
    if (sent < count) rate > 0 ? setTimeout(step, 1) : setImmediate(step);
  };
  step();
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const number = (name, otherwise) => Number(url.searchParams.get(name) ?? otherwise);
  if (request.method === 'GET' && url.pathname.startsWith('/events/')) {
    const topic = url.pathname.slice('/events/'.length);
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.flushHeaders();
    const write = (event) => response.write(event);
    topics.on(topic, write);
    response.on('close', () => topics.off(topic, write));
  } else if (request.method === 'POST' && url.pathname === '/publish') {
    response.writeHead(202, { 'Content-Length': 0 }).end();
    run({ rate: number('rate', 0), count: number('count', 1), topicCount: number('topics', 1), bytes: number('bytes', 200) });
  } else if (request.method === 'POST' && url.pathname === '/v1/jobs') {
    jobs.create(request, response);
  } else if (request.method === 'GET' && /^\/v1\/jobs\/[^/]+\/events$/.test(url.pathname)) {
    jobs.watch(url.pathname.split('/')[3], request, response);
  } else {
    response.writeHead(404).end();
  }
});
// As behind any proxy: a connection that the server closes after five quiet seconds may just be taken for the next POST.
server.keepAliveTimeout = 65_000;
server.listen({ port, host: '127.0.0.1', backlog: 4096 });
