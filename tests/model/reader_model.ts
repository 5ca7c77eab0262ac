import { type End, showEnd } from "./ends.ts";
import { costOf, type Message, showMessage } from "./frames.ts";

/** How a side reads: message by message, or through a ReadableStream's reader, which takes what is there at once. */
export type ReadStyle = "iterator" | "reader";

/** As many as a ReadableStream takes at once, and so many bytes: one more message than fits in. */
const PULL = 64;
const PULL_BYTES = 256 * 1024;

/** What a user's reads must give. */
export class ReaderModel {
  /** How each read has come out. */
  readonly outcomes: string[] = [];
  /** Whether the user has asked for the messages. */
  taken = false;
  /** Whether nothing will be read any more, because the reader has come to the end or left. */
  over = false;
  /** What is unread does not count. */
  uncounted = false;
  #waiting: number[] = [];
  #unread: Message[] = [];
  /** Messages in the ReadableStream's own queue. */
  #queue: Message[] = [];
  #end: "well" | End | undefined;
  #broken = false;
  #discards = false;
  #errored: End | undefined;

  constructor(readonly style: ReadStyle) {}

  get unread(): number {
    return this.#unread.length;
  }

  get unreadBytes(): number {
    return this.#unread.reduce((sum, message) => sum + costOf(message), 0);
  }

  /** Whether a read waits for the peer. */
  get waits(): boolean {
    return this.#waiting.length > 0 && this.#unread.length === 0 && this.#queue.length === 0 &&
      !this.#settled;
  }

  get #settled(): boolean {
    return this.over || this.#errored !== undefined || this.#end !== undefined;
  }

  read(): void {
    this.taken = true;
    this.#waiting.push(this.outcomes.push("pending") - 1);
  }

  push(message: Message): void {
    if (this.#end === undefined && !this.#discards) this.#unread.push(message);
  }

  /** The end, behind what has come. */
  finish(end: "well" | End): void {
    this.#end ??= end;
  }

  /** The end at once. */
  fail(end: End): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#unread = [];
    this.#end = end;
    if (this.style === "reader" && !this.over) {
      this.#queue = [];
      this.#errored ??= end;
    }
  }

  /** The reader leaves. @returns Whether that says anything: after the end it does not. */
  leave(): boolean {
    this.taken = true;
    if (this.over || this.#errored !== undefined) return false;
    this.over = true;
    this.#discards = true;
    this.#unread = [];
    this.#queue = [];
    return true;
  }

  /** What has come reaches the reads that wait. @returns Whether the last message has been taken, and the end is behind it. */
  serve(): boolean {
    let drained = false;
    while (this.#waiting.length > 0) {
      const result = this.#next(() => drained ||= this.#unread.length === 0 && this.#end !== undefined);
      if (result === undefined) return drained;
      const index = this.#waiting.shift();
      if (index !== undefined) this.outcomes[index] = result;
    }
    return drained;
  }

  #next(took: () => void): string | undefined {
    if (this.#errored !== undefined) return `! ${showEnd(this.#errored)}`;
    if (this.over) return "done";
    if (this.#queue.length === 0) this.#take(took);
    const message = this.#queue.shift();
    if (message !== undefined) return showMessage(message);
    if (this.#end === undefined) return undefined;
    if (this.#end === "well") {
      this.over = true;
      return "done";
    }
    // An iterator says it once.
    if (this.style === "iterator") this.over = true;
    else this.#errored = this.#end;
    return `! ${showEnd(this.#end)}`;
  }

  #take(took: () => void): void {
    const most = this.style === "iterator" ? 1 : PULL;
    let bytes = 0;
    for (let count = 0; count < most && bytes < PULL_BYTES; count++) {
      // Until somebody asks for the last message a cancel may take it back.
      if (count > 0 && this.#end !== undefined && this.#unread.length === 1) return;
      const message = this.#unread.shift();
      if (message === undefined) return;
      this.#queue.push(message);
      bytes += message.size;
      took();
    }
  }

  /** Whether the library still owes the reader something: it has neither come to the end, nor left, nor been told of an error. */
  get owed(): boolean {
    return !this.over && this.#errored === undefined && !this.#broken;
  }
}
