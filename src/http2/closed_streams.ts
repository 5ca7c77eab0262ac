import { IdTable } from "../base/id_table.ts";
import { REMEMBERED_ENDS, REMEMBERED_RESETS } from "./limits.ts";

/** How a stream has ended, where that is remembered. */
export type HowClosed = "ended" | "reset by the peer" | "reset here" | "forgotten" | "never opened";

/**
 * The streams that have ended last: what comes for them afterwards is judged by how they did (RFC 9113 5.1). The peer may
 * not have heard of a reset of ours when it sends.
 */
export class ClosedStreams {
  /** What a stream that was reset here may still receive, in bytes. */
  readonly #resets = new Recent<number>(REMEMBERED_RESETS);
  readonly #ends = new Recent<boolean>(REMEMBERED_ENDS);

  /** Both ends have said END_STREAM. */
  ended(id: number): void {
    this.#ends.add(id, false);
  }

  /** The peer has sent RST_STREAM. */
  resetByPeer(id: number): void {
    this.#ends.add(id, true);
  }

  /** RST_STREAM has been sent; the peer may have sent `windowBytes` more before it hears of it. */
  resetHere(id: number, windowBytes: number): void {
    this.#resets.add(id, windowBytes);
  }

  /** How the stream ended; it is none that is open. */
  how(id: number): HowClosed {
    if (this.#resets.has(id)) return "reset here";
    const byPeer = this.#ends.get(id);
    if (byPeer !== undefined) return byPeer ? "reset by the peer" : "ended";
    return id <= this.#resets.forgotten || id <= this.#ends.forgotten ? "forgotten" : "never opened";
  }

  /** DATA has come for a stream that was reset here. @returns Whether its window allows that. */
  late(id: number, bytes: number): boolean {
    const left = (this.#resets.get(id) ?? 0) - bytes;
    this.#resets.replace(id, left);
    return left >= 0;
  }
}

/** Values by stream id; the newest ones. */
class Recent<T> {
  readonly #capacity: number;
  readonly #values: IdTable<T> = new IdTable();
  /** The ids in the order in which they came: a ring. */
  readonly #ids: number[] = [];
  #next = 0;
  /** The highest id that is not known any more. */
  forgotten = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(id: number, value: T): void {
    const oldest = this.#ids[this.#next];
    if (oldest !== undefined) {
      this.#values.delete(oldest);
      this.forgotten = Math.max(this.forgotten, oldest);
    }
    this.#ids[this.#next] = id;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#values.set(id, value);
  }

  replace(id: number, value: T): void {
    this.#values.set(id, value);
  }

  has(id: number): boolean {
    return this.#values.has(id);
  }

  get(id: number): T | undefined {
    return this.#values.get(id);
  }
}
