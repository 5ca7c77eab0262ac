import type { MessageEncoding } from "./codec.ts";
import type { Dialect } from "./dialect.ts";
import type { ReadTimeouts } from "./message_reader.ts";
import type { Metadata } from "./metadata.ts";
import type { Observation } from "./observation.ts";

/** What a call is opened with; everything has been checked. */
export interface CallInit {
  readonly dialect: Dialect;
  readonly service: string;
  readonly method: string;
  /** Whether it is a unary call, for protocols that have another form for those. */
  readonly unary: boolean;
  /** Whether no answer is wanted. */
  readonly oneway: boolean;
  /** What goes out with the header; let go when it has. */
  metadata: Metadata;
  /** The caller's own name, for the cancel path. */
  readonly serviceName: string | undefined;
  readonly signals: readonly AbortSignal[];
  /** Milliseconds; 0 is for ever. */
  readonly timeoutMs: number;
  /** When, in `Date.now()`'s milliseconds, the time is over, its own or that of the stream that it is made for; absent where it never is: Infinity would be an object in memory for each call. */
  readonly deadline: number | undefined;
  /** How the messages are encoded, for protocols that say so. */
  readonly encoding: MessageEncoding | undefined;
  /** How what is sent is compressed, where the connection's choice is not to hold. */
  readonly compression: "identity" | "gzip" | undefined;
  readonly readTimeouts: ReadTimeouts;
  readonly cancelRemoteOnRecvTimeout: boolean;
  /** Who is told of the stream; absent where nobody is, and when it has ended. */
  observation?: Observation | undefined;
}
