import type { Message } from "./frames.ts";

/** How a side writes: by `send()`, or through a WritableStream's writer. */
export type WriteStyle = "send" | "writer";

/** A message whose sending waits for the connection. */
interface Waiting {
  readonly index: number;
  readonly message: Message;
}

/** Any rejection will do: of several writes that wait the platform words some itself. */
export const ANY_ERROR = "! …";

/** What a user's writes must give. */
export class WriterModel {
  readonly outcomes: string[] = [];
  /** The user has closed the writable. */
  closed = false;
  /** It has, behind writes that wait. */
  closing = false;
  /** What the WritableStream says, once it has been errored. */
  #errored: string | undefined;
  /** In order; the first of them may leave at any time. */
  waiting: Waiting[] = [];
  /** Sent meanwhile, and not seen on the wire yet. */
  left: Message[] = [];

  constructor(readonly style: WriteStyle) {}

  /** Whether a WritableStream's close would still say something of the library's. */
  get open(): boolean {
    return !this.closed && this.#errored === undefined;
  }

  /**
   * A write.
   *
   * @param refused What the stream says to writes; undefined where it takes them.
   * @param congested Whether the connection may make it wait.
   * @returns Whether the message leaves now.
   */
  write(message: Message, refused: string | undefined, congested: boolean): boolean {
    const error = this.#errored ?? refused;
    if (error !== undefined) {
      if (this.style === "writer") this.#errored = error;
      this.outcomes.push(`! ${error}`);
      return false;
    }
    if (congested || this.waiting.length > 0) {
      this.waiting.push({ index: this.outcomes.push("pending") - 1, message });
      return false;
    }
    this.outcomes.push("ok");
    return true;
  }

  /** Nothing can be written any more. */
  fail(error: string): void {
    for (const { index } of this.waiting.splice(0)) {
      this.outcomes[index] = this.style === "writer" ? ANY_ERROR : `! ${error}`;
    }
    if (this.style === "writer" && !this.closed) this.#errored ??= error;
  }

  /** The peer has ended the stream well: what waits is refused, the WritableStream lives. */
  refuse(error: string): void {
    if (this.waiting.length > 0) this.fail(error);
  }

  /** `writer.abort()`. @returns Whether that says anything. */
  abort(error: string): boolean {
    if (!this.open) return false;
    this.#errored = error;
    for (const { index } of this.waiting.splice(0)) this.outcomes[index] = ANY_ERROR;
    return true;
  }

  /** The first that waits has been sent. */
  sent(): void {
    const first = this.waiting.shift();
    if (first === undefined) return;
    this.outcomes[first.index] = "ok";
    this.left.push(first.message);
  }
}
