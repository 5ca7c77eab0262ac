/**
 * What the runner and a peer say to each other: a command is one line of JSON on the peer's stdin, its reply one
 * line on its stdout. A peer says a line of its own when it is ready, and ends when its stdin does.
 *
 * @module
 */

/** What the runner wants of a client or a server. Sizes are the bytes of a message's blob. */
export type Command =
  /** Server streaming: the server sends for `ms`, the client counts. */
  | { readonly do: "stream"; readonly ms: number; readonly size: number; readonly streams?: number }
  /** Client streaming: the client sends for `ms`, the server counts. */
  | {
    readonly do: "collect";
    readonly ms: number;
    readonly size: number;
    readonly streams?: number;
    /** How the library's client sends; the others have one way. Default `writable`. */
    readonly by?: "writable" | "send" | "sendAll";
  }
  /** A message there and back, and the next, on each of `streams` streams over `connections` connections. */
  | {
    readonly do: "pingPong";
    readonly ms: number;
    readonly size: number;
    readonly streams: number;
    readonly connections?: number;
    /** Kitex's pool of connections: `long` has one for each stream, and overrides `connections`. */
    readonly pool?: "mux" | "long";
    /** The bytes of `size` are in the message's string, not in its blob. */
    readonly inText?: boolean;
  }
  /** The same with a stream for each message, `streams` at a time. */
  | { readonly do: "openClose"; readonly ms: number; readonly size: number; readonly streams: number }
  /** So many streams one after the other, each with a message there and back. */
  | { readonly do: "calls"; readonly count: number; readonly size: number }
  /** One unary call after the other, `streams` at a time; over gRPC alone. */
  | { readonly do: "unary"; readonly ms: number; readonly size: number; readonly streams: number }
  /** Opens streams on which nothing happens. */
  | {
    readonly do: "hold";
    readonly streams: number;
    readonly connections?: number;
    readonly cancellable?: boolean;
  }
  /** Cancels what is held, spread over `ms`, while `neighbours` streams run at full speed in each of the directions. */
  | {
    readonly do: "cancel";
    readonly ms: number;
    readonly neighbours?: { readonly down: number; readonly up: number; readonly size: number };
  }
  /** How many streams of a `hold` the server has. */
  | { readonly do: "live" }
  /** When the server's handlers saw their streams cancelled. */
  | { readonly do: "aborted" }
  /** When the watcher read which Rst frame. */
  | { readonly do: "resets" }
  /** The memory in use, after a collection. */
  | { readonly do: "memory" };

/** What a peer answers; which fields are there depends on the command. */
export interface Reply {
  /** A server's port, in its first line. */
  readonly port?: number;
  /** Messages that went through, and in how many seconds. */
  readonly count?: number;
  readonly seconds?: number;
  /** How long a round trip took, in milliseconds. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Streams that a server holds. */
  readonly live?: number;
  /** When each of the held streams was cancelled, in milliseconds since 1970, in the order of their opening. */
  readonly at?: readonly number[];
  /** The same at the other end: number of the stream (from 1) and time. */
  readonly seen?: readonly (readonly [stream: number, at: number])[];
  /** Bytes in use on the heap and beside it, and of the process. */
  readonly heap?: number;
  readonly rss?: number;
}

/** The JSON in the first message of a stream: for how long the server shall send, and how large messages. */
export interface Order {
  readonly ms: number;
  readonly size: number;
}

/** The text in every message: payloads are of one size everywhere. */
export const TEXT = "sixteen letters.";

/** The bytes of a payload with a blob of `size` bytes: a Thrift struct of {@linkcode TEXT}, an i64 and the blob. */
export function payloadBytes(size: number): number {
  const header = 3; // a field's type and id
  return header + 4 + TEXT.length + header + 8 + header + 4 + size + 1;
}
