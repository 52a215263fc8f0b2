// What the job on show has brought: words as they are recognised, its result, its error. Owns those two boxes of the
// page; reads nothing from the network.

import { $, element, spokenText } from "./text.js";

const maxPhrases = 2000;

export class Outcome {
  clear() {
    this.forgetSpeech();
    $("speech").hidden = true;
    $("outcome").hidden = true;
    $("outcome-text").textContent = "";
  }

  /** A new attempt starts again at the first word. */
  forgetSpeech() {
    $("spoken").replaceChildren();
  }

  /** Adds the words of one event; a guess that the recogniser may still change gives way to the next one. */
  hear(data) {
    const text = spokenText(data);
    if (text === null) return;
    const spoken = $("spoken");
    $("speech").hidden = false;
    if (spoken.lastElementChild?.classList.contains("guess")) spoken.lastElementChild.remove();
    spoken.append(element("span", data?.partial === true ? "phrase guess" : "phrase", `${text} `));
    while (spoken.childElementCount > maxPhrases) spoken.firstElementChild.remove();
    spoken.scrollTop = spoken.scrollHeight;
  }

  result(result) {
    const text = typeof result === "object" ? spokenText(result) : null;
    if (text === null) return this.#show("Result", JSON.stringify(result, null, 2), "good");
    $("speech").hidden = false;
    $("spoken").replaceChildren(element("span", "phrase", text));
  }

  /** The error of a job that ended as `state`; members beside code and message (the last lines of stderr) follow it. */
  error({ code, message, ...rest }, state) {
    const lines = [[code, message].filter(Boolean).join(": ")];
    for (const [name, value] of Object.entries(rest)) {
      const text = Array.isArray(value) ? value.join("\n") : typeof value === "string" ? value : JSON.stringify(value);
      lines.push(`\n${name}\n${text}`);
    }
    if (state === "cancelled") this.#show("Cancelled", lines.join("\n"), "");
    else this.#show("Error", lines.join("\n"), "bad");
  }

  #show(title, text, kind) {
    $("outcome").hidden = false;
    $("outcome").className = `outcome ${kind}`;
    $("outcome-title").textContent = title;
    $("outcome-text").textContent = text;
  }
}
