import type { SendQueue } from "../net/send_queue.ts";
import type { Timer } from "../net/event_loop.ts";
import type { Http2ConnectionError } from "./errors.ts";
import type { HeaderField } from "./hpack/field.ts";
import type { Http2Stream } from "./stream.ts";
import type { Http2StreamEvents } from "./stream_events.ts";

/** What HTTP/2 needs of the connection below it. */
export interface Http2Below {
  /** Where frames are appended; all that is no message is counted as control bytes, which the owner bounds. */
  readonly queue: SendQueue;
  /** Whether nothing is read at present. */
  paused(): boolean;
  /** Ends the connection; with `lastMs` over 0 what is queued may take so many milliseconds to leave first. */
  end(error: Http2ConnectionError | undefined, lastMs: number): void;
  /** A keep-alive timer has been set, which must not keep the process alive by itself. */
  timerSet?(timer: Timer): void;
}

/** The numbers of a connection. Whoever makes it has checked them. */
export interface Http2Options {
  /** How many bytes of one stream may be on the way, 1 to 2^31-1; up to 1.5 times as many are held unread. */
  readonly initialWindowBytes: number;
  /** How many bytes of all streams may be on the way, 65,535 to 2^31-1; up to 9 times as many are held unread. */
  readonly connectionWindowBytes: number;
  /** The largest header section taken, counted as in RFC 9113 6.5.2: name, value and 32 bytes for each field. */
  readonly maxHeaderListBytes: number;
  /** At a server: how many streams a client may have open. */
  readonly maxStreams: number;
  /** After so many milliseconds of silence the peer is asked by a PING; 0 for never. */
  readonly keepaliveMs: number;
  /** How long, in milliseconds, it may go on being silent then. */
  readonly keepaliveTimeoutMs: number;
}

/** What a connection tells its owner. */
export interface Http2ConnectionEvents {
  /**
   * At a server: a request's header section has come. One with the fields of the request before has the same array.
   *
   * @returns Who is told of what follows; undefined after a `stream.reset()`.
   */
  opened(stream: Http2Stream, fields: readonly HeaderField[], end: boolean): Http2StreamEvents | undefined;
  /** The peer takes no more streams. Those that it has not acted on have been told `lost` with `begun` false. */
  goneAway(code: number, debug: string): void;
  /** A stream has left a connection that goes on. */
  released(): void;
  /** The peer has reset a stream, or made us reset it by something wrong: both can be had as fast as it likes. */
  peerReset(): void;
}
