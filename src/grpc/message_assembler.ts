import type { Bytes } from "../base/buffer.ts";
import { MessageBody } from "./message_body.ts";

/** What stands before each message: whether it is compressed, and its length as u32 (grpc `doc/PROTOCOL-HTTP2.md`). */
export const PREFIX_BYTES = 5;

/** What an assembler is told of. */
export interface AssembledMessages {
  /** A message has come. The payload is a view on what was read where it came in one piece. */
  message(payload: Bytes, compressed: boolean): void;
  /**
   * A message has begun, and so many bytes are missing of it, or of its prefix.
   *
   * @throws What refuses it.
   */
  announced(missingBytes: number): void;
  /** @throws What refuses a message of so many bytes. */
  check(bytes: number, flag: number): void;
}

/** Makes messages of the bytes of DATA frames, wherever the frames begin and end. */
export class MessageAssembler {
  readonly #messages: AssembledMessages;
  /** The prefix, as far as it has come. */
  #prefix: number[] | undefined;
  /** The message that has begun. */
  #body: MessageBody | undefined;
  #compressed = false;

  constructor(messages: AssembledMessages) {
    this.#messages = messages;
  }

  /** Bytes of a message that has begun and not ended. */
  get pendingBytes(): number {
    if (this.#body !== undefined) return PREFIX_BYTES + this.#body.size;
    return this.#prefix?.length ?? 0;
  }

  /** Forgets what has come of a message. */
  drop(): void {
    this.#body = undefined;
    this.#prefix = undefined;
  }

  /** Bytes that are still to come of it, as far as that is known. */
  get missingBytes(): number {
    if (this.#body !== undefined) return this.#body.length - this.#body.size;
    return this.#prefix === undefined ? 0 : PREFIX_BYTES - this.#prefix.length;
  }

  /** Takes what a DATA frame holds. @throws What refuses a message. */
  push(bytes: Bytes): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#body !== undefined) at = this.#fill(this.#body, bytes, at);
      else if (this.#prefix !== undefined || bytes.length - at < PREFIX_BYTES) {
        at = this.#fillPrefix(bytes, at);
      } else at = this.#begin(bytes, at + PREFIX_BYTES, bytes[at] ?? 0, uint32(bytes, at + 1));
    }
  }

  /** The prefix spans frames. */
  #fillPrefix(bytes: Bytes, from: number): number {
    const prefix = this.#prefix ??= [];
    let at = from;
    while (prefix.length < PREFIX_BYTES && at < bytes.length) prefix.push(bytes[at++] ?? 0);
    if (prefix.length < PREFIX_BYTES) {
      this.#messages.announced(PREFIX_BYTES - prefix.length);
      return at;
    }
    this.#prefix = undefined;
    return this.#begin(bytes, at, prefix[0] ?? 0, uint32(prefix, 1));
  }

  /** A prefix is whole. @returns Where what it speaks of ends, or the bytes do. */
  #begin(bytes: Bytes, at: number, flag: number, length: number): number {
    this.#messages.check(length, flag);
    const end = at + length;
    if (end <= bytes.length) {
      this.#messages.message(bytes.subarray(at, end), flag === 1);
      return end;
    }
    this.#messages.announced(end - bytes.length);
    this.#compressed = flag === 1;
    this.#body = new MessageBody(length);
    return this.#fill(this.#body, bytes, at);
  }

  #fill(body: MessageBody, bytes: Bytes, at: number): number {
    const part = bytes.subarray(at, at + body.length - body.size);
    const whole = body.add(part);
    if (whole !== undefined) {
      this.#body = undefined;
      this.#messages.message(whole, this.#compressed);
    }
    return at + part.length;
  }
}

function uint32(bytes: ArrayLike<number>, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return a * 0x1000000 + (b << 16 | c << 8 | d);
}
