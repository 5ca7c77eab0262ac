import type { Side } from "./errors.ts";

/** How far a stream has come. "Local" is our own sending side, "remote" the peer's. */
type Phase = "open" | "half-closed (local)" | "half-closed (remote)" | "closed";

/**
 * The states of a stream. The client's header opens it; what ends it depends on the side, because a server that ends its
 * side ends the stream, and a client only its own sending.
 *
 * ```
 *   at the client                                        at the server
 *   ┌──────┐  sendEnd    ┌─────────────────────┐         ┌──────┐   recvEnd   ┌──────────────────────┐
 *   │ open ├────────────>│ half-closed (local) │         │ open ├────────────>│ half-closed (remote) │
 *   └──┬───┘             └──────────┬──────────┘         └──┬───┘             └──────────┬───────────┘
 *      │ recvEnd                    │ recvEnd               │ close                      │ close
 *      v                            v                       v                            v
 *   ┌───────────────────────────────────────────────────────────────────────────────────────────────┐
 *   │ closed                  <── close, from every state: a cancel of either side, a lost connection │
 *   └───────────────────────────────────────────────────────────────────────────────────────────────┘
 * ```
 */
export class StreamState<Cause> {
  readonly side: Side;
  #phase: Phase = "open";
  #cause: Cause | undefined;

  constructor(side: Side) {
    this.side = side;
  }

  get live(): boolean {
    return this.#phase !== "closed";
  }

  /** Whether messages may still be sent. */
  get canSend(): boolean {
    return this.#phase === "open" || this.#phase === "half-closed (remote)";
  }

  /** Whether messages are still expected. */
  get canReceive(): boolean {
    return this.#phase === "open" || this.#phase === "half-closed (local)";
  }

  /** Our side sends no more: a client's half close. @returns Whether the peer is to be told. */
  sendEnd(): boolean {
    if (!this.canSend) return false;
    this.#phase = this.side === "server" ? "closed" : "half-closed (local)";
    return true;
  }

  /** The peer sends no more. @returns Whether that is new. */
  recvEnd(): boolean {
    if (!this.canReceive) return false;
    this.#phase = this.side === "server" ? "half-closed (remote)" : "closed";
    return true;
  }

  /** Both directions end, for `cause`. @returns Whether they had not. */
  close(cause?: Cause): boolean {
    if (!this.live) return false;
    this.#phase = "closed";
    this.#cause = cause;
    return true;
  }

  /** What the stream was closed for. */
  get cause(): Cause | undefined {
    return this.#cause;
  }
}
