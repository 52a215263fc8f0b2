// One job's event stream in this page. Owns the EventSource and every way to get another one: the browser's own
// reconnect, a new EventSource when the browser gave up, cut and resume by hand, and the JSON page of the same log for
// events whose names the browser was not told to listen for. Touches no document; tells its delegate.

import { get } from "./api.js";
import { Ledger, parseID } from "./ledger.js";

export const terminalNames = new Set(["completed", "failed", "cancelled"]);

// EventSource dispatches only names that somebody listens for, so a page that shows any kind has to know names.
const listened = new Set([
  "message", "progress", "log", "result", "input_required", "retrying", ...terminalNames, "transcript", "transcription",
  "partial", "step", "error",
]);
const maxListened = 300;

const wait = { firstMs: 500, maxMs: 15_000, trailingMs: 900 };

/**
 * The delegate has: `streamState(state, detail)` with a state of `connecting`, `live`, `waiting`, `cut`, `ended`, `gone`;
 * `streamStatus(job)`; `streamEvent({ id, seq, name, data, how, time })` (data is JSON text); `streamGap(gap)`;
 * `streamClosing(closing)`; `streamTimes(events)` with the times that only the JSON page tells.
 */
export class JobStream {
  #job;
  #delegate;
  #source = null;
  #timer = 0;
  #trailing = 0;
  #failures = 0;
  #replayTo = 0; // numbers up to this one were in the log before this connection
  #fresh = false; // the next `status` is the first of its connection
  #generation = 0; // raised by each change of mind, so that answers of the past are dropped

  constructor(job, delegate) {
    this.#job = job;
    this.#delegate = delegate;
    this.ledger = new Ledger();
    this.state = "idle";
    this.connections = 0;
  }

  open() {
    this.#stop();
    this.#set("connecting");
    const url = new URL(this.#job.stream_url, location.href);
    if (this.ledger.cursor) url.searchParams.set("last_event_id", this.ledger.cursor);
    const source = new EventSource(url);
    this.#source = source;
    source.onopen = () => this.#didOpen();
    source.onerror = (event) => {
      // An event that a worker named `error` comes the same way as the browser's own.
      if (event instanceof MessageEvent) return;
      this.#didFail(source);
    };
    source.addEventListener("status", (event) => this.#didGetStatus(event));
    source.addEventListener("gap", (event) => this.#didGetGap(JSON.parse(event.data)));
    source.addEventListener("closing", (event) => this.#delegate.streamClosing(JSON.parse(event.data)));
    for (const name of listened) this.#listen(source, name);
  }

  /** Closes the connection on purpose; the job does not notice. */
  cut() {
    this.#stop();
    this.ledger.cutHere();
    this.#set("cut");
  }

  resume() {
    this.#failures = 0;
    this.open();
  }

  close() {
    this.#stop();
    this.state = "closed";
  }

  /** Tells how far the log is by another source (the job list): catches events with names not listened for. */
  serverIsAt(lastEventID) {
    const seq = parseID(lastEventID)?.seq ?? 0;
    if (this.state !== "live" || seq <= this.ledger.last || this.#trailing) return;
    this.#trailing = setTimeout(() => {
      this.#trailing = 0;
      if (this.state === "live" && this.ledger.last < seq) this.#catchUp(seq);
    }, wait.trailingMs);
  }

  // MARK: What the EventSource says

  #didOpen() {
    this.connections += 1;
    this.#fresh = true;
    this.#set("live");
  }

  #didGetStatus(event) {
    const job = JSON.parse(event.data);
    this.#failures = 0;
    if (this.#fresh) {
      this.#fresh = false;
      this.#replayTo = parseID(job.last_event_id)?.seq ?? 0;
      this.#readTimes();
    }
    this.#delegate.streamStatus(job);
    this.serverIsAt(job.last_event_id);
  }

  #didGetGap(gap) {
    this.ledger.announce(gap);
    this.#delegate.streamGap(gap);
  }

  #didGet(name, event) {
    const id = event.lastEventId;
    if (this.ledger.place(id) === "ahead") return this.#catchUp(parseID(id).seq);
    this.#deliver(name, id, event.data, null);
  }

  #didFail(source) {
    if (source !== this.#source) return;
    this.ledger.cutHere();
    if (source.readyState !== EventSource.CLOSED) return this.#set("waiting", "the browser reconnects");
    this.#stop();
    this.#later();
  }

  // MARK: Delivery

  #listen(source, name) {
    source.addEventListener(name, (event) => {
      if (source === this.#source && event instanceof MessageEvent) this.#didGet(name, event);
    });
  }

  #deliver(name, id, data, time) {
    const seq = parseID(id)?.seq ?? null;
    const how = seq !== null && seq <= this.#replayTo ? "replay" : "live";
    if (!this.ledger.enter(id, how)) return;
    this.#delegate.streamEvent({ id, seq, name, data, how, time });
    if (!terminalNames.has(name)) return;
    this.#stop();
    this.#set("ended");
  }

  /** Reads what the EventSource could not dispatch as JSON, learns the names, and goes on live after it. */
  async #catchUp(target) {
    this.#stop();
    const generation = this.#generation;
    try {
      while (this.ledger.last < target) {
        const page = await this.#page(this.ledger.cursor, 1000);
        if (generation !== this.#generation) return;
        if (page.gap) this.#didGetGap(page.gap);
        for (const event of page.events) {
          this.#deliver(event.event, event.id, JSON.stringify(event.data), event.time);
          if (this.state === "ended") return;
        }
        if (page.events.length === 0) break;
      }
      this.connections -= 1; // the one that follows replaces this one: nothing was lost on the way
      this.open();
    } catch {
      if (generation === this.#generation) this.#later();
    }
  }

  /** Replayed events carry no time on the stream; the JSON page has it, for the newest ones that are shown. */
  async #readTimes() {
    const generation = this.#generation;
    if (this.#replayTo <= this.ledger.last) return;
    const after = Math.max(this.ledger.last, this.#replayTo - 500);
    try {
      const page = await this.#page(after || null, 500);
      if (generation === this.#generation) this.#delegate.streamTimes(page.events);
    } catch {
      // Times are an ornament of replayed events: without them the log is as complete.
    }
  }

  async #page(after, limit) {
    const url = new URL(this.#job.stream_url, location.href);
    url.searchParams.set("limit", limit);
    if (after) url.searchParams.set("after", after);
    const page = await get(url);
    for (const { event } of page.events) {
      if (listened.has(event) || listened.size >= maxListened) continue;
      listened.add(event);
      if (this.#source) this.#listen(this.#source, event);
    }
    return page;
  }

  // MARK: Trying again

  /** The browser gave up (a proxy's 502, a 404, a 204): ask what became of the job, then try anew with the cursor. */
  #later() {
    const spread = 0.5 + Math.random() / 2;
    const delayMs = Math.min(wait.maxMs, wait.firstMs * 2 ** this.#failures) * spread;
    this.#failures += 1;
    this.#set("waiting", `next try in ${Math.max(1, Math.round(delayMs / 1000))} s`);
    this.#timer = setTimeout(() => this.#tryAgain(), delayMs);
  }

  async #tryAgain() {
    const generation = this.#generation;
    try {
      const job = await get(this.#job.status_url);
      if (generation !== this.#generation) return;
      this.#delegate.streamStatus(job);
      const atEnd = terminalNames.has(job.state) && job.last_event_id === this.ledger.cursor;
      if (atEnd) this.#set("ended");
      else this.open();
    } catch (error) {
      if (generation !== this.#generation) return;
      if (error.status === 404) this.#set("gone");
      else this.#later();
    }
  }

  #stop() {
    this.#generation += 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#trailing);
    this.#trailing = 0;
    this.#source?.close();
    this.#source = null;
  }

  #set(state, detail = "") {
    this.state = state;
    this.#delegate.streamState(state, detail);
  }
}
