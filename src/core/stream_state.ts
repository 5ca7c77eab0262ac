import type { Side } from "./errors.ts";

/** How far a stream has come. "Local" is our own sending side, "remote" the peer's. */
export type Phase = "open" | "half-closed (local)" | "half-closed (remote)" | "closed";

/**
 * The states of a stream. The client's Header frame opens it; what ends it depends on the side, because a
 * server's Trailer ends both directions and a client's only its own.
 *
 * ```
 *   at the client                                        at the server
 *   ┌──────┐ sendTrailer ┌─────────────────────┐         ┌──────┐ recvTrailer ┌──────────────────────┐
 *   │ open ├────────────>│ half-closed (local) │         │ open ├────────────>│ half-closed (remote) │
 *   └──┬───┘             └──────────┬──────────┘         └──┬───┘             └──────────┬───────────┘
 *      │ recvTrailer (answered)     │ recvTrailer           │ sendTrailer                │ sendTrailer
 *      v                            v                       v                            v
 *   ┌───────────────────────────────────────────────────────────────────────────────────────────────┐
 *   │ closed                  <── from every state: sendReset (client), recvReset, lose              │
 *   └───────────────────────────────────────────────────────────────────────────────────────────────┘
 * ```
 */
export class StreamState {
  readonly #side: Side;
  #phase: Phase = "open";
  #headerSent: boolean;
  #headerReceived: boolean;

  /** A stream begins with the client's Header: sent at one end, received at the other. */
  constructor(side: Side) {
    this.#side = side;
    this.#headerSent = side === "client";
    this.#headerReceived = side === "server";
  }

  get phase(): Phase {
    return this.#phase;
  }

  get live(): boolean {
    return this.#phase !== "closed";
  }

  /** Whether Data may still be sent. */
  get canSend(): boolean {
    return this.#phase === "open" || this.#phase === "half-closed (remote)";
  }

  /** Whether Data is still expected. */
  get canReceive(): boolean {
    return this.#phase === "open" || this.#phase === "half-closed (local)";
  }

  get headerSent(): boolean {
    return this.#headerSent;
  }

  /** Whether our Header is to be written now: once, and while the stream lives. */
  sendHeader(): boolean {
    if (this.#headerSent || !this.live) return false;
    this.#headerSent = true;
    return true;
  }

  /** What a Header frame of the peer is: its first, one too many, or one for a stream that has ended. */
  recvHeader(): "first" | "duplicate" | "ignored" {
    if (!this.live) return "ignored";
    if (this.#headerReceived) return "duplicate";
    this.#headerReceived = true;
    return "first";
  }

  /** Whether our Trailer is to be written now. */
  sendTrailer(): boolean {
    if (!this.canSend) return false;
    this.#phase = this.#side === "client" ? "half-closed (local)" : "closed";
    return true;
  }

  /** What the peer's Trailer is: nothing new, an end, or an end that our own Trailer must answer. */
  recvTrailer(): "ignored" | "ended" | "answer" {
    if (!this.canReceive) return "ignored";
    if (this.#side === "server") {
      this.#phase = "half-closed (remote)";
      return "ended";
    }
    const answer = this.#phase === "open";
    this.#phase = "closed";
    return answer ? "answer" : "ended";
  }

  /** What a cancel of ours must write. A server has no Rst: it ends a stream with its Trailer. */
  sendReset(): "nothing" | "rst" | "rst and trailer" {
    if (!this.live || this.#side === "server") return "nothing";
    const open = this.#phase === "open";
    this.#phase = "closed";
    return open ? "rst and trailer" : "rst";
  }

  /** Whether the peer's Rst ends anything. */
  recvReset(): boolean {
    return this.#close();
  }

  /** Whether the loss of the connection ends anything. */
  lose(): boolean {
    return this.#close();
  }

  #close(): boolean {
    const live = this.live;
    this.#phase = "closed";
    return live;
  }
}
