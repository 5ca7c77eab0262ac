import type { Dialect } from "./dialect.ts";
import type { ReadTimeouts } from "./message_reader.ts";
import type { Metadata } from "./metadata.ts";

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
  readonly readTimeouts: ReadTimeouts;
  readonly cancelRemoteOnRecvTimeout: boolean;
}
