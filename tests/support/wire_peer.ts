import { ByteBuffer, type ByteDuplex, type Bytes } from "../../mod.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import { writeFrame } from "./write_frame.ts";
import { type Exception, readException, writeException } from "../../src/ttheader/exception.ts";
import { type Frame, FrameType, NO_PAYLOAD } from "../../src/ttheader/frame.ts";

/** A frame to send: what is left out is empty, the stream is 1, the method `Echo`. */
export type FrameInit = Pick<Frame, "type"> & {
  streamId?: number;
  method?: string;
  metadata?: Record<string, string>;
  payload?: Uint8Array;
};

/** The other end of a connection, frame by frame: for tests that script the wire. */
export class WirePeer implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new FrameDecoder(64 * 1024 * 1024);

  constructor({ readable, writable }: ByteDuplex) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  /** The next frame; `undefined` where the connection was closed. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.#decoder.next();
      if (frame !== undefined) return frame;
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#decoder.push(new Uint8Array(value));
    }
  }

  /** The next frame, which must be of this type; anything else fails the test. */
  async expect(type: FrameType): Promise<Frame> {
    const frame = await this.next();
    if (frame?.type === type) return frame;
    throw new Error(`expected a ${nameOf(type)} frame, got ${frame ? nameOf(frame.type) : "the end"}`);
  }

  /** Sends frames in one write. */
  async send(...frames: FrameInit[]): Promise<void> {
    await this.#writer.write(encodeFrames(...frames));
  }

  /** Sends bytes as they are. */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
  }

  /** Says that nothing more will come, and goes on reading: what a FIN is. */
  async closeWriting(): Promise<void> {
    await this.#writer.close();
  }

  /** Hangs up. */
  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#reader.cancel().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Frames as bytes. */
export function encodeFrames(...frames: FrameInit[]): Bytes {
  const buffer = new ByteBuffer();
  for (const { type, streamId = 1, method = "Echo", metadata = {}, payload = NO_PAYLOAD } of frames) {
    const bytes = new Uint8Array(payload);
    writeFrame(buffer, {
      type,
      streamId,
      method,
      metadata: new Map(Object.entries(metadata)),
      payload: bytes,
    });
  }
  return buffer.toBytes();
}

/** A payload with an exception, as Rst and failed Trailer frames carry it. */
export function exceptionPayload(exception: Exception, method = "Echo", streamId = 1): Bytes {
  const buffer = new ByteBuffer();
  writeException(buffer, method, streamId, exception);
  return buffer.toBytes();
}

/** What a Rst or a failed Trailer frame says. */
export function exceptionOf(frame: Frame): Exception {
  return readException(frame.payload);
}

/** A frame type's name, for messages. */
export function nameOf(type: FrameType): string {
  return Object.entries(FrameType).find(([, value]) => value === type)?.[0] ?? `type ${type}`;
}
