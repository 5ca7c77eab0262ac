import { attempt } from "../attempt.ts";
import { rawCodec } from "../codec.ts";
import { type ConnectionLimits, FrameConnection } from "../connection/connection.ts";
import { ErrorCode, type TTStreamError } from "../errors.ts";
import { ExceptionType, writeException } from "../wire/exception.ts";
import { type Frame, FrameType } from "../wire/frame.ts";
import type { Handler } from "./handler.ts";
import { Invocation } from "../stream/invocation.ts";
import { NO_METADATA } from "../metadata.ts";
import { Outcome } from "../outcome.ts";
import { HandlerStream, type ServerStream } from "./server_stream.ts";
import type { ByteSocket } from "../connection/socket.ts";
import { withinMs } from "../turn.ts";

/** What a connection at the server needs; everything has been checked. */
export interface ServingInit {
  readonly handler: Handler;
  readonly limits: ConnectionLimits;
  readonly maxStreams: number;
  readonly remoteAddr: Deno.Addr | undefined;
  readonly onError: (error: unknown, stream: ServerStream) => void;
}

const SHUTTING_DOWN = "server is shutting down";
/** How long, in milliseconds, the last frames may take to leave before the socket closes all the same. */
const LAST_FRAMES_MS = 1_000;

/** One connection at the server: runs a handler for every stream that the client opens. */
export class Serving {
  readonly #init: ServingInit;
  readonly #frames: FrameConnection<Invocation>;
  readonly #ended: Outcome<TTStreamError | undefined> = new Outcome();
  /** Handlers that have not returned, those of cancelled streams included. */
  #running = 0;
  #closing = false;

  constructor(socket: ByteSocket, init: ServingInit) {
    this.#init = init;
    this.#frames = new FrameConnection(socket, init.limits, {
      side: "server",
      opened: (frame) => this.#open(frame),
      quiet: () => {
        // The handlers count, not the streams: a cancelled one's handler may still be at work.
      },
      ended: (error) => this.#ended.resolve(error),
    });
    this.#frames.run();
  }

  /** Resolves when the connection has ended, with what ended it: nothing where this side did. */
  get ended(): Promise<TTStreamError | undefined> {
    return this.#ended.promise;
  }

  /** Takes no new streams; closes when the handlers have returned. */
  drain(): void {
    this.#closing = true;
    this.#closeIfIdle();
  }

  /** Ends what is left, tells the clients why, and closes. */
  cut(message: string = SHUTTING_DOWN): void {
    this.#closing = true;
    for (const invocation of this.#frames.streams()) invocation.shutDown(message);
    this.#endAfter(withinMs(LAST_FRAMES_MS, this.#frames.sent()));
  }

  #open(frame: Frame): void {
    const { maxStreams, remoteAddr, onError } = this.#init;
    if (this.#closing) return this.#refuse(frame, SHUTTING_DOWN);
    if (this.#running >= maxStreams) {
      return this.#refuse(frame, `too many streams: the limit is ${maxStreams}`);
    }
    const frames = this.#frames;
    const invocation: Invocation = new Invocation(
      frames,
      frame,
      remoteAddr,
      (error) => callSafely(() => onError(error, stream)),
    );
    const stream: ServerStream = new HandlerStream(invocation, rawCodec, rawCodec);
    frames.register(frame.streamId, invocation);
    this.#running++;
    frames.defer(() => this.#run(invocation, stream));
  }

  /** No async function: its frame would be a quarter of what a stream on which nothing happens keeps in memory. */
  #run(invocation: Invocation, stream: ServerStream): void {
    attempt(() => this.#init.handler(stream)).then(
      () => this.#complete(invocation),
      (error) => this.#fail(invocation, error),
    );
  }

  async #complete(invocation: Invocation): Promise<void> {
    try {
      await invocation.complete();
    } catch (error) {
      invocation.fail(error);
    } finally {
      this.#returned();
    }
  }

  #fail(invocation: Invocation, error: unknown): void {
    try {
      invocation.fail(error);
    } finally {
      this.#returned();
    }
  }

  #returned(): void {
    this.#running--;
    this.#closeIfIdle();
  }

  #refuse({ streamId, method }: Frame, message: string): void {
    const type = ExceptionType.InternalError;
    this.#frames.sendFrame({ type: FrameType.Header, streamId, method, metadata: NO_METADATA });
    this.#frames.sendFrame(
      { type: FrameType.Trailer, streamId, method, metadata: NO_METADATA },
      (buffer) => writeException(buffer, method, streamId, { type, message }),
    );
  }

  /** What the handlers have written leaves first, for as long as the grace lasts. */
  #closeIfIdle(): void {
    if (this.#closing && this.#running === 0) this.#endAfter(this.#frames.sent());
  }

  async #endAfter(sent: Promise<void>): Promise<void> {
    await sent;
    this.#frames.end(undefined);
  }
}

/** A callback of the user's that throws must not take the connection with it. */
function callSafely(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    console.error("ttstream: onError threw:", error);
  }
}

/** Whether a connection's end is worth a word: the peer broke the protocol. Clients come and go all the time. */
export function isProtocolError(error: TTStreamError | undefined): error is TTStreamError {
  return error?.code === ErrorCode.IllegalFrame;
}
