// The page's proof that nothing was missed: which numbers of one log were seen, how, and which were not. Owns counts and
// runs of neighbouring numbers; knows nothing of the network or the document.

/** `<epoch>-<seq>` taken apart, or null for what is no such id. */
export function parseID(id) {
  const match = /^(.+)-(\d{1,15})$/.exec(id ?? "");
  return match && { epoch: match[1], seq: Number(match[2]) };
}

const maxRuns = 60;

export class Ledger {
  constructor() {
    this.reset(null);
  }

  reset(epoch) {
    this.epoch = epoch;
    this.last = 0; // the highest number seen or announced as gone
    this.cursor = null; // the id to resume after
    this.count = 0; // events seen
    this.duplicates = 0;
    this.lost = 0; // numbers that a `gap` event announced
    this.missing = 0; // numbers that nothing announced: never, or a bug
    this.runs = []; // { from, to, how: "live" | "replay" | "lost" | "hole" }, in order
  }

  /** What an event with this id would be: "next", "known", or "ahead" (numbers between are not seen yet). */
  place(id) {
    const parsed = parseID(id);
    if (!parsed) return "next";
    if (this.epoch !== null && parsed.epoch !== this.epoch) return "next";
    if (parsed.seq <= this.last) return "known";
    return parsed.seq === this.last + 1 ? "next" : "ahead";
  }

  /** Enters an event; numbers skipped before it become a hole. Returns false for one seen before. */
  enter(id, how) {
    const parsed = parseID(id);
    if (!parsed) return true;
    if (parsed.epoch !== this.epoch) this.reset(parsed.epoch);
    if (parsed.seq <= this.last) {
      this.duplicates += 1;
      return false;
    }
    if (parsed.seq > this.last + 1) {
      this.missing += parsed.seq - this.last - 1;
      this.#extend(parsed.seq - 1, "hole");
    }
    this.#extend(parsed.seq, how);
    this.count += 1;
    this.cursor = id;
    return true;
  }

  /** Enters a `gap` event. The server announces it before the event that follows the lost ones. */
  announce(gap) {
    if (gap.reason === "epoch") return this.reset(null);
    const to = parseID(gap.to);
    if (!to || to.seq <= this.last) return;
    if (this.epoch === null) this.epoch = to.epoch;
    this.lost += to.seq - this.last;
    this.#extend(to.seq, "lost");
    this.cursor = gap.to;
  }

  #extend(to, how) {
    const tail = this.runs.at(-1);
    if (tail?.how === how && !tail.closed) tail.to = to;
    else this.runs.push({ from: this.last + 1, to, how });
    this.last = to;
    if (this.runs.length <= maxRuns) return;
    const [first, second] = this.runs.splice(0, 2);
    const worst = ["hole", "lost", "live", "replay"].find((h) => h === first.how || h === second.how);
    this.runs.unshift({ from: first.from, to: second.to, how: worst, closed: second.closed });
  }

  /** Ends the present run, so that a cut shows even when what follows arrives in the same way. */
  cutHere() {
    const tail = this.runs.at(-1);
    if (tail) tail.closed = true;
  }
}
