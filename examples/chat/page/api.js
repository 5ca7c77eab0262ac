/** What the gateway offers. */
import { serverSentEvents } from "./sse.js";

/** The gateway said no before the first token. */
export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A name for an answer and its chain. (`crypto.randomUUID` is there over HTTPS and on this machine alone.) */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/**
 * Asks, and gives the events of the answer. `signal` is Stop: it closes the connection, and that is all there is to it.
 *
 * @param {string} id
 * @param {string} text
 * @param {AbortSignal} signal
 */
export async function* ask(id, text, signal) {
  const response = await fetch("/api/answers", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id, text }),
    signal,
  });
  if (!response.ok || response.body === null) {
    const { message } = await response.json().catch(() => ({ message: response.statusText }));
    throw new Refused(response.status, message);
  }
  yield* serverSentEvents(response.body);
}

/** Stop, and keep what there is: the model finishes its sentence. @param {string} id */
export async function keep(id) {
  await fetch(`/api/answers/${id}/keep`, { method: "POST" });
}

/** The answer to a heartbeat. @param {string} id */
export function heard(id) {
  // Where it does not arrive the network is gone, and the gateway draws its conclusion.
  fetch(`/api/answers/${id}/heard`, { method: "POST" }).catch(() => {});
}

/** Milliseconds for which a network that is gone may hold a picture back. */
const PICTURE_MS = 1_000;

/** The chain of an answer as it is now; `undefined` where nobody knows it. @param {string} id */
export async function chainOf(id) {
  const response = await fetch(`/api/chains/${id}`, { signal: AbortSignal.timeout(PICTURE_MS) });
  return response.ok ? await response.json() : undefined;
}

/** What is spoken, and the limits. */
export async function info() {
  return await (await fetch("/api/info")).json();
}
