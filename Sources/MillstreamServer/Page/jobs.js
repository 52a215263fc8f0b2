// The list of recent jobs. Owns its polling: often while something runs, seldom otherwise, never in a hidden tab, and
// never two requests at once. Rows are kept and changed in place, so that focus and clicks survive a refresh.

import { get } from "./api.js";
import { $, ago, element, liveStates, stateWord } from "./text.js";

const pollMs = { busy: 2000, idle: 6000, failed: 4000 };
const pageSize = 12;
const maxListed = 500;

export class JobList {
  #rows = new Map();
  #limit = pageSize;
  #timer = 0;
  #reading = false;
  #again = false;

  /** `didRead(jobs)` after each answer; `cancel(job)` when a row's button was pressed. */
  constructor({ didRead, cancel }) {
    this.didRead = didRead;
    this.cancel = cancel;
    this.chosen = null;
    $("jobs-filter").addEventListener("change", () => this.refresh());
    $("jobs-more").addEventListener("click", () => {
      this.#limit = Math.min(maxListed, this.#limit + 2 * pageSize);
      this.refresh();
    });
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
  }

  choose(id) {
    this.chosen = id;
    for (const [key, row] of this.#rows) this.#mark(row, key);
  }

  async refresh() {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    clearTimeout(this.#timer);
    const nextMs = await this.#read();
    this.#reading = false;
    if (this.#again) {
      this.#again = false;
      this.#timer = setTimeout(() => this.refresh(), 100);
    } else if (!document.hidden) {
      this.#timer = setTimeout(() => this.refresh(), nextMs);
    }
  }

  async #read() {
    const query = new URLSearchParams({ limit: this.#limit });
    if ($("jobs-filter").value) query.set("state", $("jobs-filter").value);
    try {
      const { jobs, next_cursor: next } = await get(`/v1/jobs?${query}`);
      this.#show(jobs);
      $("jobs-more").hidden = next === null || this.#limit >= maxListed;
      this.#showServer("yes", "server answers");
      this.didRead(jobs);
      return jobs.some((job) => liveStates.has(job.state)) ? pollMs.busy : pollMs.idle;
    } catch (error) {
      this.#showServer("no", error.status ? `server answers ${error.status}` : "server does not answer");
      return pollMs.failed;
    }
  }

  #showServer(answering, text) {
    $("server").dataset.answering = answering;
    if ($("server").textContent !== text) $("server").textContent = text;
  }

  #show(jobs) {
    const list = $("jobs");
    const kept = new Set(jobs.map((job) => job.id));
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    jobs.forEach((job, index) => {
      const row = this.#rows.get(job.id) ?? this.#makeRow(job.id);
      this.#update(row, job);
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
    $("jobs-empty").hidden = jobs.length > 0;
  }

  #makeRow(id) {
    const row = element("li", "job-row");
    const link = element("a");
    link.href = `#job=${encodeURIComponent(id)}`;
    link.append(element("span", "dot"), element("span", "row-kind"), element("span", "row-when"), element("span", "row-state"));
    const cancel = element("button", "quiet danger", "Cancel");
    cancel.type = "button";
    cancel.addEventListener("click", () => this.cancel(row.job));
    row.append(link, cancel, element("i", "row-bar"));
    this.#rows.set(id, row);
    return row;
  }

  #update(row, job) {
    row.job = job;
    row.dataset.state = job.state;
    const [dot, kind, when, state] = row.querySelector("a").children;
    dot.dataset.state = job.state;
    kind.textContent = job.kind;
    kind.title = job.id;
    when.textContent = ago(job.created_at);
    const running = job.state === "in_progress" && Number.isFinite(job.progress);
    state.textContent = running ? `${Math.floor(job.progress)}%` : stateWord(job.state);
    row.querySelector("button").hidden = !liveStates.has(job.state);
    row.querySelector("button").setAttribute("aria-label", `Cancel ${job.kind} ${job.id}`);
    row.querySelector(".row-bar").style.transform = `scaleX(${running ? job.progress / 100 : 0})`;
    this.#mark(row, job.id);
  }

  #mark(row, id) {
    const link = row.querySelector("a");
    if (id === this.chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
