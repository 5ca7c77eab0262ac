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
  /** What goes out with the header; let go when it has. */
  metadata: Metadata;
  /** The caller's own name, for the cancel path. */
  readonly serviceName: string | undefined;
  readonly signals: readonly AbortSignal[];
  /** Milliseconds; 0 is for ever. */
  readonly timeoutMs: number;
  /** When, in `Date.now()`'s milliseconds, the time is over, its own or that of the stream that it is made for; Infinity is never. */
  readonly deadline: number;
  /** How the messages are encoded, for protocols that say so. */
  readonly encoding: MessageEncoding | undefined;
  /** How what is sent is compressed, where the connection's choice is not to hold. */
  readonly compression: "identity" | "gzip" | undefined;
  readonly readTimeouts: ReadTimeouts;
  readonly cancelRemoteOnRecvTimeout: boolean;
  /** Who is told of the stream; absent where nobody is. */
  readonly observation?: Observation | undefined;
}
