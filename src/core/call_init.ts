import type { CancelFrame } from "../ttheader/cancel_frames.ts";
import type { StreamLink } from "./transport.ts";
import type { Metadata } from "./metadata.ts";
import type { ReadTimeouts } from "./message_reader.ts";

/** What a call is opened with; everything has been checked. */
export interface CallInit {
  readonly service: string;
  readonly method: string;
  /** What is written into the Header frame; let go when it has been. */
  metadata: Metadata;
  /** The caller's own name, for the cancel path. */
  readonly serviceName: string | undefined;
  readonly signals: readonly AbortSignal[];
  /** Milliseconds; 0 is for ever. */
  readonly timeoutMs: number;
  readonly readTimeouts: ReadTimeouts;
  readonly cancelRemoteOnRecvTimeout: boolean;
  readonly cancelFrame: CancelFrame;
}

/** The link of a call that has no connection yet, or will never have one: nothing can be sent. */
export const NO_LINK: StreamLink = {
  congested: true,
  position: 0,
  sendMessage() {},
  sendFrame() {},
  sent: () => Promise.resolve(),
  wait() {},
  unwait() {},
  release() {},
  linger() {},
  unlinger() {},
  peerDrains() {},
  peerReset() {},
  charge() {},
  defer: (task) => task(),
};
