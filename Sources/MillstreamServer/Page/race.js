// The strip that shows a ledger: one piece for each run of neighbouring event numbers, and the sentence under it. Draws;
// decides nothing.

import { $, count, element, plural } from "./text.js";

export function showRace({ ledger, connections }) {
  const race = $("race");
  race.dataset.count = ledger.count;
  race.dataset.last = ledger.last;
  race.dataset.contiguous = ledger.missing === 0 ? "ok" : "hole";
  race.dataset.duplicates = ledger.duplicates;
  race.dataset.runs = [...new Set(ledger.runs.map((run) => run.how))].join(" ");
  $("tally").textContent = tally(ledger, connections);
  const channel = $("channel");
  while (channel.childElementCount > ledger.runs.length) channel.lastElementChild.remove();
  while (channel.childElementCount < ledger.runs.length) channel.append(element("i"));
  ledger.runs.forEach((run, index) => {
    const piece = channel.children[index];
    piece.className = run.how;
    piece.style.flexGrow = run.to - run.from + 1;
    piece.title = `${run.from}–${run.to}`;
  });
}

function tally(ledger, connections) {
  if (ledger.last === 0) return "No event yet.";
  const parts = [];
  if (ledger.missing > 0) parts.push(`${plural(ledger.missing, "number is", "numbers are")} missing up to ${count(ledger.last)}`);
  else parts.push(`Numbers 1 to ${count(ledger.last)}, no hole`);
  if (ledger.lost > 0) parts.push(`${count(ledger.lost)} announced as gone`);
  parts.push(ledger.duplicates ? plural(ledger.duplicates, "duplicate", "duplicates") : "none twice");
  if (connections > 1) parts.push(`${count(connections)} connections`);
  return `${parts.join(" · ")}.`;
}
