// The page at `/`: joins its parts. Owns the address (`#job=ID` names the job on show, so a reload, a bookmark or another
// machine shows the same log from its first event) and the memory of the last job. Draws nothing itself.

import { JobView } from "./job.js";
import { JobList } from "./jobs.js";
import { StartPanel } from "./start.js";
import { $ } from "./text.js";

const memory = "millstream.job";

const view = new JobView({
  didChange: () => list.refresh(),
  didLose: () => remember(null),
});

const list = new JobList({
  didRead: (jobs) => {
    const shown = jobs.find((job) => job.id === view.id);
    if (shown) view.serverSays(shown);
  },
  cancel: (job) => view.cancel(job),
});

// The answer to the POST names the stream at once: the job needs no second request before it is shown.
let started = null;

new StartPanel((job) => {
  started = job;
  location.hash = `job=${encodeURIComponent(job.id)}`;
  list.refresh();
});

function jobInAddress() {
  const id = new URLSearchParams(location.hash.slice(1)).get("job");
  return id && /^[A-Za-z0-9._-]{1,64}$/.test(id) ? id : null;
}

function showAddressed() {
  const id = jobInAddress();
  list.choose(id);
  if (!id) return showWelcome();
  if (id === view.id && started === null) return;
  const path = `/v1/jobs/${encodeURIComponent(id)}`;
  const known = started?.id === id ? started : null;
  started = null;
  view.show(known ?? { id, stream_url: `${path}/events`, status_url: path, cancel_url: `${path}/cancel` });
  remember(id);
  // In a narrow window the job lies below the forms.
  if ($("main").getBoundingClientRect().top > innerHeight / 2) $("main").scrollIntoView({ block: "start" });
}

function showWelcome() {
  view.close();
  $("welcome").hidden = false;
  document.title = "Millstream";
}

function remember(id) {
  try {
    if (id) localStorage.setItem(memory, id);
    else localStorage.removeItem(memory);
  } catch {
    // A browser that stores nothing still shows the job that the address names.
  }
}

function lastJob() {
  try {
    return localStorage.getItem(memory);
  } catch {
    return null;
  }
}

function showShellLines() {
  const base = location.origin;
  $("shell").textContent = [
    `curl -s ${base}/v1/jobs -H 'Content-Type: application/json' \\`,
    `  -d '{"kind":"demo.steps","input":{"steps":40,"interval_ms":250}}'`,
    "",
    `curl -N ${base}/v1/jobs/ID/events`,
  ].join("\n");
}

$("home").addEventListener("click", () => remember(null));
addEventListener("hashchange", showAddressed);
showShellLines();
if (!jobInAddress() && lastJob()) history.replaceState(null, "", `#job=${encodeURIComponent(lastJob())}`);
showAddressed();
list.refresh();
