// The list of events of the job on show. Owns its rows, at most 500 of them, and draws in batches: a fast job costs the
// page one change of layout a frame, and a hidden tab keeps only what it would show. Reads nothing from the network.

import { $, compactJSON, count, element, timeOfDay } from "./text.js";

const maxRows = 500;
const maxCharacters = 300;
const drawEveryMs = 40;

export class EventList {
  #list = $("events");
  #pending = [];
  #timer = 0;
  #follows = true;

  constructor() {
    this.#list.addEventListener("scroll", () => this.#didScroll(), { passive: true });
    $("follow").addEventListener("click", () => this.#goToNewest());
    this.clear();
  }

  clear() {
    this.#pending = [];
    this.#list.replaceChildren();
    this.total = 0;
    this.#follows = true;
    this.#showCount();
  }

  append(event) {
    this.total += 1;
    this.#later(() => this.#row(event));
  }

  /** A line between events: where the connection was cut, what was announced. */
  note(text, kind) {
    this.#later(() => element("li", `note ${kind}`, text));
  }

  /** Puts the server's times on rows that were replayed. */
  setTimes(events) {
    this.#draw();
    const times = new Map(events.map((event) => [event.id, event.time]));
    for (const row of this.#list.children) {
      const time = times.get(row.dataset.id);
      if (time) this.#setTime(row.querySelector("time"), time);
    }
  }

  #later(makeRow) {
    this.#pending.push(makeRow);
    if (this.#pending.length > maxRows) this.#pending.shift();
    this.#timer ||= setTimeout(() => this.#draw(), drawEveryMs);
  }

  #draw() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#list.append(...this.#pending.map((makeRow) => makeRow()));
    this.#pending = [];
    while (this.#list.childElementCount > maxRows) this.#list.firstElementChild.remove();
    if (this.#follows) this.#list.scrollTop = this.#list.scrollHeight;
    this.#showCount();
  }

  #row({ id, seq, name, data, how, time }) {
    const row = element("li", `event ${how}`);
    row.dataset.id = id;
    row.dataset.name = name;
    const when = element("time");
    if (time) this.#setTime(when, time);
    row.append(element("span", "seq", seq === null ? "–" : count(seq)), element("span", "event-name", name), this.#data(data), when);
    return row;
  }

  #data(text) {
    const cell = element("code", "data");
    if (text.length <= maxCharacters) {
      cell.append(compactJSON(text));
      return cell;
    }
    const more = element("button", "quiet more", `all ${count(text.length)} characters`);
    more.type = "button";
    more.addEventListener("click", () => cell.replaceChildren(compactJSON(text)));
    cell.append(compactJSON(text.slice(0, maxCharacters)), "… ", more);
    return cell;
  }

  #setTime(cell, time) {
    const date = new Date(time);
    cell.dateTime = date.toISOString();
    cell.textContent = timeOfDay(date);
    cell.title = date.toLocaleString();
  }

  #showCount() {
    const rows = this.#list.childElementCount;
    $("shown").textContent = this.total > rows && rows >= maxRows ? `the newest ${maxRows} of ${count(this.total)}` : count(this.total);
  }

  #didScroll() {
    const list = this.#list;
    this.#follows = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    $("follow").hidden = this.#follows;
  }

  #goToNewest() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#list.focus();
  }
}
