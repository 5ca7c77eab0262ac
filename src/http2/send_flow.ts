import type { SendQueue } from "../net/send_queue.ts";
import { MAX_UINT31 } from "./frame.ts";
import { DEFAULT_WINDOW_BYTES } from "./limits.ts";

/** A stream, as the connection's window sees it. */
export interface Sender {
  /** Whether bytes wait, and the stream's own window has room for some. */
  readonly sendable: boolean;
  /** Sends some of the bytes that wait, no more than `allowed`. */
  sendSome(allowed: number): void;
  /** Wakes whoever waits for the stream, where it is not congested any more. */
  tryWake(): void;
}

/** What may be sent on the whole connection (RFC 9113 5.2), and the streams that have to take turns. */
export class SendFlow {
  readonly #queue: SendQueue;
  /** Those whose bytes wait for the connection's window or for the queue, in the order of their turns. */
  readonly #blocked: Set<Sender> = new Set();
  /** Those that have nothing waiting, and whose writers wait for the connection's window. */
  #starved: Set<Sender> = new Set();
  #waiting = false;
  /** The connection's window, in bytes. */
  window = DEFAULT_WINDOW_BYTES;

  constructor(queue: SendQueue) {
    this.#queue = queue;
  }

  /** Whether somebody waits for a turn: nobody passes in front. */
  get busy(): boolean {
    return this.#blocked.size > 0;
  }

  /** So many bytes have been sent beside the turns. */
  spend(bytes: number): void {
    this.window -= bytes;
  }

  /** The peer has raised the connection's window. @returns False where it is too large then. */
  raise(bytes: number): boolean {
    if (this.window + bytes > MAX_UINT31) return false;
    this.window += bytes;
    this.#pump();
    if (this.window > 0 && this.#starved.size > 0) {
      const starved = this.#starved;
      this.#starved = new Set();
      for (const sender of starved) sender.tryWake();
    }
    return true;
  }

  /** Sends what waits in the stream when it is its turn. */
  add(sender: Sender): void {
    this.#blocked.add(sender);
    this.#pump();
  }

  /** Wakes the stream when the connection's window has room again. */
  starve(sender: Sender): void {
    this.#starved.add(sender);
  }

  /** The stream is gone. */
  remove(sender: Sender): void {
    this.#blocked.delete(sender);
    this.#starved.delete(sender);
  }

  #pump(): void {
    while (this.window > 0 && !this.#queue.congested) {
      const sender = this.#first();
      if (sender === undefined) return;
      this.#blocked.delete(sender);
      sender.sendSome(this.window);
      if (sender.sendable) this.#blocked.add(sender);
    }
    if (this.#waiting || this.window <= 0 || this.#blocked.size === 0) return;
    this.#waiting = true;
    this.#queue.wait(() => {
      this.#waiting = false;
      this.#pump();
    });
  }

  #first(): Sender | undefined {
    for (const sender of this.#blocked) return sender;
  }
}
