// The job on show: its state, progress, connection and what it asks. Owns the JobStream of that job and is its
// delegate; there is one at a time. Everything shown comes from the stream, so a reload shows the same again.

import { get, post } from "./api.js";
import { EventList } from "./events.js";
import { Outcome } from "./outcome.js";
import { showRace } from "./race.js";
import { JobStream, terminalNames } from "./stream.js";
import { $, count, duration, element, liveStates, parse, plural, stateWord, timeOfDay } from "./text.js";

const transcriptNames = new Set(["transcript", "transcription", "partial"]);
const maxNotices = 4;

const connectionWords = {
  connecting: "Connecting",
  live: "Live",
  waiting: "Connection lost",
  cut: "Cut by you",
  ended: "Ended, all delivered",
  gone: "Unknown job",
};

const gapReasons = {
  retention: "no longer kept by the server",
  slow_reader: "skipped because this reader was behind",
  epoch: "the log was created anew",
};

const closingReasons = {
  drain: "the server is stopping",
  max_age: "this connection reached its age",
  overload: "the server is shedding load",
  store: "the server's store does not answer",
  token: "the token ended",
};

export class JobView {
  #stream = null;
  #events = new EventList();
  #outcome = new Outcome();
  #job = null;
  #resumedAfter = null; // the last number before a cut or loss, while the replay after it is awaited
  #shownProgress = null;
  #clock = 0;

  /** `didChange(job)`: the state of the job on show changed; `didLose()`: the server does not know it. */
  constructor({ didChange, didLose }) {
    this.didChange = didChange;
    this.didLose = didLose;
    $("cut").addEventListener("click", () => (this.#stream?.state === "cut" ? this.#resume() : this.#cut()));
    $("cancel").addEventListener("click", () => this.cancel(this.#job));
    $("ask").addEventListener("submit", (event) => this.#answer(event));
  }

  get id() {
    return this.#job?.id ?? null;
  }

  show(job) {
    this.close();
    this.#job = job;
    this.#resumedAfter = null;
    this.#shownProgress = null;
    this.#events.clear();
    this.#outcome.clear();
    $("notices").replaceChildren();
    $("ask").hidden = true;
    $("welcome").hidden = true;
    $("job").hidden = false;
    this.#showJob();
    this.#stream = new JobStream(job, this);
    this.#stream.open();
    this.#clock = setInterval(() => this.#showFacts(), 1000);
  }

  close() {
    clearInterval(this.#clock);
    this.#stream?.close();
    this.#stream = null;
    this.#job = null;
    $("job").hidden = true;
    $("wheel").classList.remove("turning");
  }

  /** What the job list read about this job, which may be ahead of the stream. */
  serverSays(job) {
    this.#stream?.serverIsAt(job.last_event_id);
  }

  async cancel(job) {
    if (!job) return;
    try {
      const now = await post(job.cancel_url, {});
      this.didChange(now);
    } catch (error) {
      this.#notice(`Not cancelled. ${error.message}`, "bad");
    }
  }

  // MARK: Delegate of the stream

  streamState(state, detail) {
    const ledger = this.#stream?.ledger;
    if (state === "waiting" && ledger && this.#resumedAfter === null) this.#resumedAfter = ledger.last;
    $("race").dataset.connection = state;
    $("race-title").textContent = detail ? `${connectionWords[state]}, ${detail}` : connectionWords[state];
    $("race-title").dataset.answering = { live: "yes", waiting: "no", gone: "no" }[state] ?? "unknown";
    $("cut").textContent = state === "cut" ? "Resume" : "Cut the connection";
    $("cut").hidden = state === "ended" || state === "gone";
    $("wheel").classList.toggle("turning", state === "live");
    if (state === "live") for (const notice of document.querySelectorAll(".notice.passing")) notice.remove();
    this.#showLedger();
    if (state !== "gone") return;
    this.#notice("The server does not know this job. It was removed, or the address is wrong.", "bad");
    $("job-state").textContent = "Not found";
    this.didLose();
  }

  streamStatus(job) {
    const { state: before, attempt } = this.#job;
    this.#job = { ...this.#job, ...job };
    if (job.attempt > attempt) this.#outcome.forgetSpeech();
    if (this.#resumedAfter !== null && this.#stream.state === "live") this.#noteResumption(job);
    this.#showJob();
    if (before !== job.state) this.#stateDidChange(job);
  }

  streamEvent(event) {
    const data = parse(event.data);
    const time = event.time ?? (event.how === "live" ? new Date() : null);
    this.#events.append({ ...event, time });
    if (event.name === "progress") this.#showProgress(data);
    if (event.name === "retrying") this.#outcome.forgetSpeech();
    if (transcriptNames.has(event.name)) this.#outcome.hear(data);
    if (event.name === "result") this.#outcome.result(data);
    if (event.name === "input_required") this.#question(data);
    if (terminalNames.has(event.name)) this.#end(event.name, data);
    this.#showLedger();
  }

  streamGap(gap) {
    if (gap.reason === "epoch") this.#events.clear();
    const range = gap.to ? `Events ${gap.from} to ${gap.to}` : "The log starts again";
    const text = `${range}: ${gapReasons[gap.reason] ?? gap.reason}.`;
    this.#events.note(text, "lost");
    this.#notice(text, "warn");
    this.#showLedger();
  }

  streamClosing(closing) {
    const when = Number.isFinite(closing.retry_ms) ? ` It asks to come back in ${duration(closing.retry_ms)}.` : "";
    this.#events.note(`The server closed this connection: ${closingReasons[closing.reason] ?? closing.reason}.`, "closing");
    this.#notice(`The server closed this connection: ${closingReasons[closing.reason] ?? closing.reason}.${when}`, "warn passing");
  }

  streamTimes(events) {
    this.#events.setTimes(events);
  }

  // MARK: Connection

  #cut() {
    const ledger = this.#stream.ledger;
    this.#resumedAfter = ledger.last;
    this.#stream.cut();
    this.#events.note(`Cut after ${count(ledger.last)} at ${timeOfDay(new Date())}`, "cut");
    this.#showLedger();
  }

  #resume() {
    this.#stream.resume();
  }

  #noteResumption(job) {
    const after = this.#resumedAfter;
    this.#resumedAfter = null;
    const behind = Math.max(0, (Number(/(\d+)$/.exec(job.last_event_id ?? "")?.[1]) || 0) - after);
    this.#events.note(`Resumed after ${count(after)}: ${plural(behind, "event", "events")} to catch up`, "cut");
  }

  #showLedger() {
    if (this.#stream) showRace(this.#stream);
  }

  // MARK: State

  #showJob() {
    const job = this.#job;
    $("job").dataset.state = job.state ?? "";
    $("job").dataset.job = job.id;
    $("job-state").textContent = stateWord(job.state) || "Looking";
    $("job-kind").textContent = job.kind ?? "";
    $("job-id").textContent = job.id;
    $("job-id").href = `#job=${encodeURIComponent(job.id)}`;
    $("cancel").hidden = !liveStates.has(job.state);
    $("ask").hidden = job.state !== "input_required";
    if (Number.isFinite(job.progress)) this.#setProgress(job.progress);
    else if (!Number.isFinite(this.#shownProgress)) this.#setProgress(null);
    this.#showFacts();
    this.#showTitle();
  }

  #setProgress(percent) {
    this.#shownProgress = percent;
    const known = Number.isFinite(percent);
    const value = known ? Math.min(100, Math.max(0, percent)) : 0;
    $("bar-fill").style.transform = `scaleX(${value / 100})`;
    $("bar").classList.toggle("unknown", !known && this.#job?.state === "in_progress");
    if (known) $("bar").setAttribute("aria-valuenow", Math.round(value));
    else $("bar").removeAttribute("aria-valuenow");
    $("percent").textContent = known ? `${Math.floor(value)}%` : "";
    this.#showTitle();
  }

  #showProgress(data) {
    if (Number.isFinite(data?.progress)) this.#setProgress(data.progress);
    else if (data?.step > 0 && data?.steps > 0) this.#setProgress((100 * data.step) / data.steps);
  }

  #showTitle() {
    const job = this.#job;
    if (!job) return;
    const running = job.state === "in_progress" && Number.isFinite(this.#shownProgress);
    document.title = `${running ? `${Math.floor(this.#shownProgress)}%` : stateWord(job.state)} · ${job.kind ?? job.id} · Millstream`;
  }

  #showFacts() {
    const job = this.#job;
    if (!job) return;
    const until = job.finished_at ? Date.parse(job.finished_at) : Date.now();
    const facts = [];
    if (job.created_at) facts.push(["Created", timeOfDay(new Date(job.created_at)).slice(0, 8)]);
    if (job.queue_position !== null && job.queue_position !== undefined) facts.push(["In the queue", count(job.queue_position)]);
    if (job.run_at && job.state === "scheduled") facts.push(["Runs at", new Date(job.run_at).toLocaleString()]);
    if (job.started_at) facts.push([job.finished_at ? "Took" : "Running", duration(until - Date.parse(job.started_at))]);
    if (job.attempt > 0) facts.push(["Attempt", count(job.attempt)]);
    if (job.owner) facts.push(["Owner", job.owner]);
    $("facts").replaceChildren(
      ...facts.map(([name, value]) => {
        const fact = element("div");
        fact.append(element("dt", "", name), element("dd", "", value));
        return fact;
      }),
    );
  }

  #stateDidChange(job) {
    $("aloud").textContent = `Job ${stateWord(job.state).toLowerCase()}`;
    this.didChange(job);
  }

  #end(name, job) {
    const before = this.#job.state;
    this.#job = { ...this.#job, ...(job?.id === this.#job.id ? job : {}), state: name };
    if (name === "completed") this.#job.progress = 100;
    this.#showJob();
    if (job?.error) this.#outcome.error(job.error, name);
    else if (job?.result !== null && job?.result !== undefined) this.#outcome.result(job.result);
    else if (job?.result_url) this.#readResult(job.result_url);
    if (before !== name) this.#stateDidChange(this.#job);
  }

  async #readResult(url) {
    const id = this.id;
    try {
      const answer = await get(url);
      if (this.id === id) this.#outcome.result(answer?.id === id && "result" in answer ? answer.result : answer);
    } catch (error) {
      this.#notice(`The result could not be read. ${error.message}`, "bad");
    }
  }

  // MARK: Input and notices

  #question(data) {
    const text = typeof data === "string" ? data : data?.prompt ?? data?.question ?? data?.message;
    $("question").textContent = typeof text === "string" ? text : "The job asks for input";
    $("ask").hidden = false;
  }

  async #answer(event) {
    event.preventDefault();
    const text = $("answer").value;
    const json = /^\s*[{[]/.test(text) ? parse(text) : null;
    try {
      await post(`/v1/jobs/${encodeURIComponent(this.id)}/input`, { input: json ?? text });
      $("answer").value = "";
      $("ask").hidden = true;
    } catch (error) {
      this.#notice(`The input was not taken. ${error.message}`, "bad");
    }
  }

  #notice(text, kind) {
    const notices = $("notices");
    notices.append(element("p", `notice ${kind}`, text));
    while (notices.childElementCount > maxNotices) notices.firstElementChild.remove();
  }
}
