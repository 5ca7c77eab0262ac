import type { ByteBuffer } from "../base/buffer.ts";
import type { Codec } from "./codec.ts";
import type { DataPrefix } from "../ttheader/frame_encoder.ts";
import type { TTStreamError } from "./errors.ts";
import type { Frame } from "../ttheader/frame.ts";
import type { UnreadAccount } from "./receive_queue.ts";

/** What a stream may do with its connection: the step below it. */
export interface StreamLink extends UnreadAccount {
  /** Whether the unsent bytes are over the mark: a message must wait. */
  readonly congested: boolean;
  /** Appends a Data frame. Where the codec throws, nothing is appended and the error goes on. */
  sendMessage<T>(streamId: number, prefix: DataPrefix, codec: Codec<T>, message: T): void;
  /** Appends any other frame, its payload written by `writePayload`. */
  sendFrame(frame: Omit<Frame, "payload">, writePayload?: (buffer: ByteBuffer) => void): void;
  /** Calls `wake` once, when the connection takes messages again. */
  wait(wake: () => void): void;
  /** Takes a `wait` back. */
  unwait(wake: () => void): void;
  /** Forgets the stream: frames for its id are dropped from now on. */
  release(streamId: number): void;
  /** The peer has cancelled a stream. */
  peerReset(): void;
  /** The peer has refused a stream because it shuts down. */
  peerDrains(): void;
  /** Keeps `receiver` in mind after its release: it holds unread messages, or watches a signal or a timer. */
  linger(streamId: number, receiver: FrameReceiver): void;
  /** Takes a `linger` back. */
  unlinger(streamId: number): void;
  /** Resolves when everything sent so far is with the socket, or the connection has ended. */
  sent(): Promise<void>;
  /** Where the next frame begins, in bytes from the connection's first. */
  readonly position: number;
  /** Runs `task` now; while the connection hands out frames, after those at hand: user code never runs in between. */
  defer(task: () => void): void;
}

/** What a connection tells a stream: the step above it. */
export interface FrameReceiver {
  /** A frame for the stream has come. */
  receive(frame: Frame): void;
  /** Much has been read since these messages came: see `Inbox.compact`. */
  compact(): void;
  /** The connection is gone; `error` says how. What was sent from `leftBytes` on (see `position`) never left. */
  lose(error: TTStreamError, leftBytes: number): void;
}
