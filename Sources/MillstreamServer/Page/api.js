// The page's calls to its own server. Owns how a request is made and how a refusal (RFC 9457 problem) becomes an Error
// with a readable message; never touches the document and never calls another origin.

/** A refusal of the server, or no answer at all (`status` 0). */
export class Refusal extends Error {
  constructor(status, problem) {
    const errors = (problem?.errors ?? []).map((e) => `${e.field}: ${e.message}`).join("; ");
    super([problem?.title, problem?.detail, errors].filter(Boolean).join(". ") || `The server answered ${status}.`);
    this.status = status;
  }
}

const unreachable = () => new Refusal(0, { title: "The server does not answer" });

async function answer(response) {
  const isJSON = /json/.test(response.headers.get("Content-Type") ?? "");
  const body = isJSON ? await response.json().catch(() => null) : null;
  if (!response.ok) throw new Refusal(response.status, body);
  return body;
}

export async function get(url) {
  let response;
  try {
    response = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  } catch {
    throw unreachable();
  }
  return answer(response);
}

export async function post(url, body, headers = {}) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
      body: JSON.stringify(body),
    });
  } catch {
    throw unreachable();
  }
  return answer(response);
}

// `crypto.randomUUID` exists only on https and loopback, `getRandomValues` everywhere.
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16).padStart(8, "0")).join("");
}

/** Posts a job. A lost answer is asked for again under the same idempotency key, so that one click is one job. */
export async function createJob(kind, input) {
  const headers = { "Idempotency-Key": newKey() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await post("/v1/jobs", { kind, input }, headers);
    } catch (error) {
      if (error.status !== 0 || attempt === 3) throw error;
      await new Promise((resolve) => setTimeout(resolve, 400 * attempt));
    }
  }
}

/** Sends a file as it is. XMLHttpRequest, because `fetch` does not tell how much of a body has left. */
export function upload(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/uploads");
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "text";
    request.upload.onprogress = (event) => event.lengthComputable && onProgress((100 * event.loaded) / event.total);
    request.onerror = () => reject(unreachable());
    request.onload = () => {
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // A proxy's HTML error page: the status says enough.
      }
      if (request.status >= 200 && request.status < 300 && body) resolve(body);
      else reject(new Refusal(request.status, body));
    };
    request.send(file);
  });
}
