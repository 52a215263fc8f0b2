// The forms that start a job. Owns the tabs, the chosen recording and its upload; calls `didStart(job)` with the server's
// answer and shows a refusal beside the form.

import { createJob, upload } from "./api.js";
import { $, parse } from "./text.js";

const tabs = ["transcribe", "steps", "any"];

export class StartPanel {
  #recording = null;

  constructor(didStart) {
    this.didStart = didStart;
    for (const tab of tabs) {
      $(`tab-${tab}`).addEventListener("click", () => this.#choose(tab));
      $(`tab-${tab}`).addEventListener("keydown", (event) => this.#moveByKey(event, tab));
      $(`form-${tab}`).addEventListener("submit", (event) => this.#submit(event, tab));
    }
    $("recording").addEventListener("change", () => this.#setRecording($("recording").files[0] ?? null));
    $("recording-clear").addEventListener("click", () => this.#setRecording(null));
    this.#acceptDrops($("drop"));
  }

  // MARK: Tabs

  #choose(chosen) {
    for (const tab of tabs) {
      const selected = tab === chosen;
      $(`tab-${tab}`).setAttribute("aria-selected", String(selected));
      $(`tab-${tab}`).tabIndex = selected ? 0 : -1;
      $(`form-${tab}`).hidden = !selected;
    }
    this.#refuse("");
  }

  #moveByKey(event, tab) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    this.#choose(next);
    $(`tab-${next}`).focus();
  }

  // MARK: Recording

  #acceptDrops(area) {
    // Anywhere else a dropped file would replace the page, and with it the view of a running job.
    for (const type of ["dragover", "drop"]) document.addEventListener(type, (event) => event.preventDefault());
    for (const type of ["dragenter", "dragover"]) area.addEventListener(type, () => area.classList.add("over"));
    for (const type of ["dragleave", "drop"]) area.addEventListener(type, () => area.classList.remove("over"));
    area.addEventListener("drop", (event) => this.#setRecording(event.dataTransfer?.files[0] ?? null));
  }

  #setRecording(file) {
    this.#recording = file;
    if (!file) $("recording").value = "";
    $("recording-name").textContent = file ? file.name : "The installed sample recording";
    $("recording-ask").textContent = file
      ? `${(file.size / 1e6).toFixed(1)} MB, sent to this server only`
      : "Choose a recording of yours, or drop it here";
    $("recording-clear").hidden = !file;
  }

  async #upload() {
    const bar = $("upload");
    bar.hidden = false;
    const show = (percent) => {
      bar.setAttribute("aria-valuenow", Math.round(percent));
      bar.firstElementChild.style.transform = `scaleX(${percent / 100})`;
    };
    show(0);
    try {
      return await upload(this.#recording, show);
    } finally {
      bar.hidden = true;
    }
  }

  // MARK: Start

  async #submit(event, tab) {
    event.preventDefault();
    const button = $(`start-${tab}`);
    if (button.disabled) return;
    button.disabled = true;
    this.#refuse("");
    try {
      const { kind, input } = await this.#request(tab);
      this.didStart(await createJob(kind, input));
    } catch (error) {
      this.#refuse(error.message);
    } finally {
      button.disabled = false;
    }
  }

  async #request(tab) {
    if (tab === "transcribe") {
      const input = this.#recording ? { upload: (await this.#upload()).id } : {};
      return { kind: "demo.transcribe", input };
    }
    if (tab === "steps") return { kind: "demo.steps", input: this.#stepsInput() };
    const kind = $("any-kind").value.trim();
    const text = $("any-input").value.trim() || "null";
    const input = parse(text);
    if (!kind) throw new Error("Name a kind.");
    if (input === null && text !== "null") throw new Error("The input is not valid JSON.");
    return { kind, input };
  }

  #stepsInput() {
    const number = (id, name) => {
      if ($(id).value === "" && !$(id).validity.badInput) return null;
      if (!$(id).validity.valid) throw new Error(`${name}: a whole number from ${$(id).min} to ${$(id).max}.`);
      return $(id).valueAsNumber;
    };
    const input = { steps: number("steps", "Steps") ?? 40, interval_ms: number("interval", "Every") ?? 250 };
    const failAt = number("fail-at", "Fail after");
    if (failAt !== null) input.fail_at = failAt;
    if ($("block").checked) input.block = true;
    return input;
  }

  #refuse(text) {
    $("refusal").textContent = text;
    $("refusal").hidden = text === "";
  }
}
