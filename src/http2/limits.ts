/** Every number that HTTP/2 is held to here beyond the options, each with its reason. */

/** What every peer must take (RFC 9113 6.5.2), and what frames other than DATA may have: no header needs more. */
export const MIN_MAX_FRAME_BYTES = 16_384;
/** The SETTINGS_MAX_FRAME_SIZE announced, for DATA: messages of 64 KiB in one frame go up to twice as fast as in five. */
export const MAX_DATA_FRAME_BYTES = 1024 * 1024;
/** The largest SETTINGS_MAX_FRAME_SIZE there is (RFC 9113 6.5.2). */
export const MAX_MAX_FRAME_BYTES = 2 ** 24 - 1;
/** The window of a new stream, and of the connection, until somebody says otherwise (RFC 9113 6.9.2). */
export const DEFAULT_WINDOW_BYTES = 65_535;
/** The SETTINGS_HEADER_TABLE_SIZE announced: the default, since what gRPC repeats fits into a few hundred bytes. */
export const HEADER_TABLE_BYTES = 4096;

/**
 * Several messages of one stream, sent in one turn, share DATA frames of up to so many bytes: a peer reads a frame at
 * a time. Larger ones are no faster, and a reader that waits for whole frames would wait longer.
 */
export const MERGED_FRAME_BYTES = MIN_MAX_FRAME_BYTES;
/** So much of what waits for a window is sent before it is the next stream's turn. */
export const TURN_BYTES = MIN_MAX_FRAME_BYTES;

/**
 * The connection's window is given back as soon as bytes have come, not only when they have been read, while all
 * streams together hold no more than so many connection windows: until then a stream that nobody reads stalls itself
 * alone, by its own window. Beyond, the connection's window is what bounds the memory, and neighbours wait too.
 */
export const UNREAD_WINDOWS = 8;
/**
 * Beside its window a stream may hold so much of one unread: without it the window of a reader that holds the beginning
 * of a message as large as the window would not come back, and the message would never be whole.
 */
export const STREAM_ALLOWANCE = 0.5;

/** The header block of a list that fits takes no more than so many times the list's bytes (Huffman codes have up to 30 bits). */
export const BLOCK_PER_LIST_BYTES = 4;
/** So many CONTINUATIONs may one header block have (the CONTINUATION floods of 2024): with frames of 16 KiB, 2 MiB. */
export const MAX_CONTINUATIONS = 128;

/**
 * Frames that make work and carry nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, frames of closed
 * streams and unknown ones. So many may come in a burst, and so many more each second, for ever.
 */
export const IDLE_FRAMES = 10_000;
/** See {@linkcode IDLE_FRAMES}. */
export const IDLE_FRAMES_PER_SECOND = 1_000;
/** What DATA that is sent allows the peer beside: a WINDOW_UPDATE of the stream, one of the connection, a PING. */
export const FRAMES_PER_DATA_FRAME = 3;
/** For so many bytes of it once more: Go's net/http updates both windows whenever it has read 4 KiB. */
export const BYTES_PER_WINDOW_UPDATE = 4096;
/** A DATA frame that a window has cut short allows one frame for so many of its bytes: many tiny windows are no use. */
export const BYTES_PER_IDLE_FRAME = 64;
/** What a new stream allows the peer beside: a PRIORITY, a WINDOW_UPDATE, and frames that come late when it has been reset. */
export const FRAMES_PER_STREAM = 3;

/**
 * So many streams that were reset here are remembered: what the peer sent before it heard of it is no error. Servers of
 * gRPC take thousands on one connection, and one signal may cancel all of them.
 */
export const REMEMBERED_RESETS = 8192;
/** So many other streams that have ended are remembered, to answer a frame that comes after the end by how it ended. */
export const REMEMBERED_ENDS = 128;

/** So many streams are opened before a server has said how many it takes (grpc-go does the same). */
export const STREAMS_BEFORE_SETTINGS = 100;
/** So many PINGs of ours may wait for their answers; more tell nothing new. */
export const MAX_PINGS = 100;
/** How long, in milliseconds, a graceful GOAWAY waits for a PING's answer before it says the last id. */
export const GOAWAY_PING_MS = 1_000;
/** How long, in milliseconds, what is queued may take to leave behind a connection error. */
export const LAST_WORDS_MS = 1_000;
/** So much of a GOAWAY's debug data is read, and sent. */
export const MAX_DEBUG_BYTES = 1024;
