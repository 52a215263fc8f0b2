// Words and numbers as the page shows them. Pure functions; everything that came from a job ends in a text node.

export const $ = (id) => document.getElementById(id);

/** An element with text. There is no innerHTML anywhere in this page: a job's data is never markup. */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

export const liveStates = new Set(["queued", "scheduled", "in_progress", "input_required", "retrying"]);

const stateWords = {
  queued: "Queued",
  scheduled: "Scheduled",
  in_progress: "In progress",
  input_required: "Asks for input",
  retrying: "Trying again",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const stateWord = (state) => stateWords[state] ?? state ?? "";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const whole = new Intl.NumberFormat("en");

export const count = (n) => whole.format(n);

export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

/** Time of day with milliseconds: steps are often closer than a second. */
export function timeOfDay(date) {
  return `${clock.format(date)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

export function duration(ms) {
  if (!Number.isFinite(ms) || ms < 0) return "";
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** JSON text, or null when it is none. */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\],]|[^"{}[\],\s]+/g;

/** One line of JSON with its names set apart, as nodes; digits stay as they came. */
export function compactJSON(text) {
  const line = document.createDocumentFragment();
  for (const [token, string, colon] of text.matchAll(tokens)) {
    if (string && colon) line.append(element("span", "name", string.slice(1, -1)), " ");
    else if (token === ",") line.append(element("span", "mark", ", "));
    else if (/^[{}[\]]$/.test(token)) line.append(element("span", "mark", token));
    else appendFolded(line, token);
  }
  return line;
}

// Padding, as load tests send it: one character many times over says no more than its number.
function appendFolded(line, token) {
  let from = 0;
  for (const run of token.matchAll(/(.)\1{23,}/gu)) {
    line.append(token.slice(from, run.index), run[1].repeat(3), element("span", "fold", `… ${count(run[0].length)} times`));
    from = run.index + run[0].length;
  }
  line.append(token.slice(from));
}

/** The words in an event of a transcription, whatever its worker calls them. */
export function spokenText(data) {
  if (typeof data === "string") return data;
  const text = data?.text ?? data?.transcript ?? data?.transcription;
  return typeof text === "string" ? text : null;
}
