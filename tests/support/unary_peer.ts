import { ByteBuffer, type ByteDuplex } from "../../mod.ts";
import type { Metadata } from "../../src/core/metadata.ts";
import { writeException } from "../../src/ttheader/exception.ts";
import { UnaryDecoder } from "../../src/ttheader/unary/decoder.ts";
import { writeMessage, writeThrift } from "../../src/ttheader/unary/encoder.ts";
import { type Framing, MessageType, UnaryKey, type UnaryMessage } from "../../src/ttheader/unary/message.ts";
import { stringArgs } from "./unary_service.ts";

/** What stands before a Thrift message. */
export const FRAMINGS = {
  "TTHeader": { ttheader: true, framed: false },
  "TTHeader, framed": { ttheader: true, framed: true },
  "Framed": { ttheader: false, framed: true },
  "Buffered": { ttheader: false, framed: false },
} as const satisfies Record<string, Framing>;

/** A message to send: what is left out is that of a call of `Words.Shout` with the text "hi". */
export interface MessageInit {
  readonly framing?: Framing;
  readonly flags?: number;
  readonly id?: number;
  readonly type?: MessageType;
  readonly method?: string;
  readonly metadata?: Metadata;
  readonly timeoutMs?: number;
  readonly payload?: Uint8Array;
  /** Of an exception: what it says. */
  readonly exception?: { readonly type: number; readonly message: string };
}

/** A message as bytes. */
export function messageBytes(init: MessageInit): Uint8Array<ArrayBuffer> {
  const { framing = FRAMINGS.TTHeader, flags = 0, id = 1, method = "Shout", exception } = init;
  const type = init.type ?? (exception === undefined ? MessageType.Call : MessageType.Exception);
  const metadata = init.metadata ?? new Map([["isn", "Words"]]);
  const ints: [number, string][] = [[UnaryKey.ToMethod, method], [UnaryKey.MessageType, String(type)]];
  if (init.timeoutMs !== undefined) ints.push([UnaryKey.RpcTimeout, String(init.timeoutMs)]);
  const buffer = new ByteBuffer();
  writeMessage(buffer, framing, { flags, id, ints, metadata }, Infinity, (buffer) => {
    if (exception === undefined) {
      writeThrift(buffer, { type, method, sequenceId: id }, init.payload ?? stringArgs.encode("hi"));
    } else writeException(buffer, method, id, exception);
  });
  return buffer.toBytes();
}

/** The other end of a connection of unary calls, message by message: for tests that script the wire. */
export class UnaryPeer implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new UnaryDecoder(64 * 1024 * 1024);

  constructor({ readable, writable }: ByteDuplex) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  /** The next message; `undefined` where the connection was closed. */
  async next(): Promise<UnaryMessage | undefined> {
    for (;;) {
      const message = this.#decoder.next();
      if (message !== undefined) return message;
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#decoder.push(new Uint8Array(value));
    }
  }

  /** The next message, which must come. */
  async expect(): Promise<UnaryMessage> {
    const message = await this.next();
    if (message === undefined) throw new Error("the connection was closed, and a message was expected");
    return message;
  }

  async send(...messages: MessageInit[]): Promise<void> {
    for (const message of messages) await this.sendBytes(messageBytes(message));
  }

  async sendBytes(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
  }

  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#reader.cancel().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
