import type { Side, TTStreamError } from "../core/errors.ts";
import type { Frame } from "./frame.ts";

/** The limits of a connection; see the public options for what they mean. */
export interface ConnectionLimits {
  readonly maxFrameBytes: number;
  readonly maxBufferedBytes: number;
  /** Milliseconds; 0 is for ever. */
  readonly frameTimeoutMs: number;
}

/** What differs between the two ends of a connection. */
export interface ConnectionOwner {
  readonly side: Side;
  /** A Header frame for a stream that is not there. */
  opened(frame: Frame): void;
  /** An open stream has ended. */
  released?(): void;
  /** The last open stream has ended. */
  quiet(): void;
  /** The peer has cancelled a stream. */
  reset?(): void;
  /** The peer takes no more streams: those that are open go on. */
  drained?(): void;
  /** The connection is gone: after a local close without an error, otherwise with what happened. */
  ended(error: TTStreamError | undefined): void;
}
