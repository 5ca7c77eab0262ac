import type { Bytes } from "../base/buffer.ts";
import type { Codec } from "./codec.ts";
import type { BizStatusError, StreamError } from "./errors.ts";
import type { Metadata } from "./metadata.ts";
import type { UnreadAccount } from "./receive_queue.ts";

/** What a stream says to its peer: the step below it, one for each stream, made by its protocol. */
export interface StreamSink extends UnreadAccount {
  /** Whether a message must wait: for the socket, or for the peer. */
  readonly congested: boolean;
  /** Sends a message. Where the codec throws, nothing is sent and the error goes on. */
  sendMessage<T>(codec: Codec<T>, message: T): void;
  /** Calls `wake` once, when messages are taken again. */
  wait(wake: () => void): void;
  /** Takes a `wait` back. */
  unwait(wake: () => void): void;
  /** Runs `task` now; while the connection hands out what has come, after that: user code never runs in between. */
  defer(task: () => void): void;
  /** Forgets the stream: what still comes for it is dropped. */
  release(): void;
}

/** What a stream says at the client. */
export interface ClientSink extends StreamSink {
  /** Half close: all messages have been sent. */
  closeSend(): void;
  /** Ends both directions, and says why. */
  cancel(error: StreamError): void;
  /** Resolves when everything sent so far is with the socket, or the connection has ended. */
  sent(): Promise<void>;
  /** Keeps the stream in mind after its release: it holds unread messages, or watches a signal or a timer. */
  linger(): void;
  /** Takes a `linger` back. */
  unlinger(): void;
}

/** What a stream says at the server. */
export interface ServerSink extends StreamSink {
  /** Sends the header: at most once, and before anything else. */
  sendHeader(metadata: Metadata): void;
  /**
   * Ends the stream, both directions of it.
   *
   * @param header The header, where it has not been sent yet.
   * @throws {RangeError} If what it says is too long; nothing but the header is sent then.
   */
  answer(answer: Answer, trailer: Metadata, header: Metadata | undefined): void;
}

/** Why a server does not call a handler. */
export type Refusal =
  | "unknown service"
  | "unknown method"
  | "no request"
  | "too many streams"
  | "shutting down";

/** How a server ends a stream. */
export type Answer =
  | { readonly type: "done" }
  /** The handler has failed; `text` is what the client reads. */
  | { readonly type: "failed"; readonly error: unknown; readonly text: string }
  | { readonly type: "business error"; readonly error: BizStatusError }
  | { readonly type: "refused"; readonly why: Refusal; readonly text: string }
  /** The server closes before the handler has returned. */
  | { readonly type: "cut"; readonly text: string }
  | { readonly type: "timed out"; readonly error: StreamError }
  /** The client has broken the protocol within the stream. */
  | { readonly type: "violation"; readonly error: StreamError };

/** The answer that needs no words. */
export const DONE: Answer = { type: "done" };

/** What a protocol tells a stream: the step above it. */
export interface PeerEvents {
  /** A message has come. */
  recvMessage(payload: Bytes): void;
  /** The peer has cancelled the stream: what is unread is dropped. */
  recvReset(error: StreamError): void;
  /** The peer has broken the protocol within the stream, which ends for it. */
  violated(error: StreamError): void;
  /** The connection is gone, and the stream with it. */
  lose(error: StreamError): void;
  /** Much has been read since the unread messages came: see `ReceiveQueue.compact`. */
  compact(): void;
}

/** What a protocol tells a stream at the client. */
export interface ClientEvents extends PeerEvents {
  /** The server's header has come. */
  recvHeader(metadata: Metadata): void;
  /** The server has ended the stream: well, where there is no error. */
  recvEnd(error: StreamError | BizStatusError | undefined, trailer: Metadata): void;
}

/** What a protocol tells a stream at the server. */
export interface ServerEvents extends PeerEvents {
  /** The client has half closed, or, with an error, has given up sending. */
  recvEnd(error: StreamError | BizStatusError | undefined): void;
  /** The server begins to shut down. */
  drain(reason: Error): void;
  /** The server closes: what the stream was doing ends here. */
  shutDown(text: string): void;
}

/** What a client's header says. */
export interface StreamRequest {
  /** The IDL's service name; empty where the client named none. */
  readonly service: string;
  /** The IDL's method name. */
  readonly method: string;
  readonly metadata: Metadata;
  /** How long the client waits, in milliseconds, where it says so. */
  readonly timeoutMs?: number | undefined;
}

/** The sink of a call that has no connection yet, or will never have one: nothing can be sent. */
export const NO_SINK: ClientSink = {
  congested: true,
  sendMessage() {},
  wait() {},
  unwait() {},
  closeSend() {},
  cancel() {},
  sent: () => Promise.resolve(),
  release() {},
  linger() {},
  unlinger() {},
  charge() {},
  defer: (task) => task(),
};
