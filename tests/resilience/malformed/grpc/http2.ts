import { Flag, FrameType, PREFACE } from "../../../../src/http2/frame.ts";
import { frame, goAway, join, ping, rst, settings, u32, windowUpdate } from "../../../http2/wire.ts";
import { closed, cut, group, ignored, type Line, type Malformed } from "../case.ts";
import { data, echoed, GOOD_BLOCK, headersOf, ID, MESSAGE, reset, streamed } from "./bytes.ts";

const { CONTINUATION, DATA, GOAWAY, HEADERS, PING, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS } = FrameType;
const { WINDOW_UPDATE } = FrameType;
const NAMES = Object.entries(FrameType);

/** On a stream that has begun. */
const begun = (...frames: Uint8Array<ArrayBuffer>[]) => join(headersOf(), ...frames);
const zeros = (size: number) => new Uint8Array(size);

const streams: readonly Line[] = [
  ...[DATA, HEADERS, PRIORITY, RST_STREAM, PUSH_PROMISE, CONTINUATION].map((type): Line => [
    `a frame of type ${type} without a stream`,
    frame(type, Flag.END_HEADERS, 0, zeros(5)),
    closed,
  ]),
  ...[SETTINGS, PING, GOAWAY].map((type): Line => [
    `a frame of type ${type} on a stream`,
    begun(frame(type, 0, ID, zeros(type === SETTINGS ? 6 : 8))),
    closed,
  ]),
  ["DATA of an idle stream", data(MESSAGE, 0, 9), closed],
  ["RST_STREAM of an idle stream", rst(9, 8), closed],
  ["WINDOW_UPDATE of an idle stream", windowUpdate(9, 1), closed],
  ["CONTINUATION of an idle stream", frame(CONTINUATION, Flag.END_HEADERS, 9, GOOD_BLOCK), closed],
  ["PRIORITY of an idle stream", frame(PRIORITY, 0, 9, [...u32(0), 1]), ignored],
  ["a request on an even stream", headersOf(undefined, 0, 4), closed],
  [
    "a request on a stream below the last one",
    join(headersOf(undefined, 0, 9), headersOf(undefined, 0, 5)),
    closed,
  ],
  ["PUSH_PROMISE", begun(frame(PUSH_PROMISE, Flag.END_HEADERS, ID, [...u32(2), ...GOOD_BLOCK])), closed],
];

const sizes: readonly Line[] = [
  ...[0, 7, 9].map((size): Line => [`PING of ${size} bytes`, frame(PING, 0, 0, zeros(size)), closed]),
  ...[1, 5, 7].map((size): Line => [`SETTINGS of ${size} bytes`, frame(SETTINGS, 0, 0, zeros(size)), closed]),
  ["an acknowledgement of SETTINGS with bytes", frame(SETTINGS, Flag.ACK, 0, zeros(6)), closed],
  ...[0, 3, 5].map((
    size,
  ): Line => [`RST_STREAM of ${size} bytes`, begun(frame(RST_STREAM, 0, ID, zeros(size))), closed]),
  ...[0, 3, 5].map((size): Line => [
    `WINDOW_UPDATE of ${size} bytes`,
    begun(frame(WINDOW_UPDATE, 0, ID, zeros(size))),
    closed,
  ]),
  ...[0, 7].map((size): Line => [`GOAWAY of ${size} bytes`, frame(GOAWAY, 0, 0, zeros(size)), closed]),
  ...[0, 4, 6].map((size): Line => [
    `PRIORITY of ${size} bytes`,
    begun(frame(PRIORITY, 0, ID, zeros(size))),
    reset("FRAME_SIZE_ERROR"),
  ]),
  ...NAMES.filter(([, type]) => type !== DATA).map(([name, type]): Line => [
    `${name} of 16,385 bytes is announced`,
    Uint8Array.of(
      0,
      0x40,
      1,
      type,
      0,
      0,
      0,
      0,
      type === SETTINGS || type === PING || type === GOAWAY ? 0 : ID,
    ),
    closed,
  ]),
  ["DATA of 1 MiB and a byte is announced", begun(Uint8Array.of(0x10, 0, 1, DATA, 0, 0, 0, 0, ID)), closed],
  ["DATA of 1 MiB is announced", begun(Uint8Array.of(0x10, 0, 0, DATA, 0, 0, 0, 0, ID)), cut],
  ["an unknown frame of 16 MiB is announced", Uint8Array.of(0xff, 0xff, 0xff, 99, 0, 0, 0, 0, 0), closed],
  ["a HEADERS frame without bytes", frame(HEADERS, Flag.END_HEADERS, ID), reset("PROTOCOL_ERROR")],
];

const padding: readonly Line[] = [
  ["DATA padded, without bytes", begun(frame(DATA, Flag.PADDED, ID)), closed],
  ["DATA with as much padding as bytes", begun(frame(DATA, Flag.PADDED, ID, [3, 0, 0])), closed],
  ["DATA with more padding than bytes", begun(frame(DATA, Flag.PADDED, ID, [255, 0])), closed],
  ["HEADERS padded, without bytes", frame(HEADERS, Flag.PADDED | Flag.END_HEADERS, ID), closed],
  [
    "HEADERS with more padding than bytes",
    frame(HEADERS, Flag.PADDED | Flag.END_HEADERS, ID, [9, ...zeros(4)]),
    closed,
  ],
  [
    "HEADERS without room for their priority",
    frame(HEADERS, Flag.PRIORITY | Flag.END_HEADERS, ID, zeros(4)),
    closed,
  ],
  [
    "HEADERS that depend on themselves",
    frame(HEADERS, Flag.PRIORITY | Flag.END_HEADERS, ID, [...u32(ID), 1, ...GOOD_BLOCK]),
    reset("PROTOCOL_ERROR"),
  ],
  [
    "PRIORITY that depends on itself",
    begun(frame(PRIORITY, 0, ID, [...u32(ID), 1])),
    reset("PROTOCOL_ERROR"),
  ],
  [
    "padding that is not zero",
    join(headersOf(), frame(DATA, Flag.PADDED | Flag.END_STREAM, ID, [2, ...MESSAGE, 7, 7])),
    echoed,
  ],
];

const open = frame(HEADERS, 0, ID, GOOD_BLOCK.subarray(0, 5));
const blocks: readonly Line[] = [
  ...([
    ["PING", ping(1)],
    ["SETTINGS", settings()],
    ["DATA", data(MESSAGE)],
    ["HEADERS of another stream", headersOf(undefined, 0, 5)],
    ["HEADERS of the same stream", headersOf()],
    ["RST_STREAM", rst(ID, 8)],
    ["WINDOW_UPDATE", windowUpdate(0, 1)],
    ["PRIORITY", frame(PRIORITY, 0, ID, [...u32(0), 1])],
    ["GOAWAY", goAway(0, 0)],
    ["an unknown frame", frame(99, 0, 0)],
    ["CONTINUATION of another stream", frame(CONTINUATION, Flag.END_HEADERS, 5, GOOD_BLOCK.subarray(5))],
  ] as const).map(([name, bytes]): Line => [`${name} within a header block`, join(open, bytes), closed]),
  ["CONTINUATION behind a whole block", begun(frame(CONTINUATION, Flag.END_HEADERS, ID)), closed],
  ["a header block that does not go on", open, cut],
  [
    "a block in pieces of a byte",
    streamed(join(
      frame(HEADERS, 0, ID, GOOD_BLOCK.subarray(0, 1)),
      ...Array.from({ length: 40 }, (_, i) => frame(CONTINUATION, 0, ID, GOOD_BLOCK.subarray(i + 1, i + 2))),
      frame(CONTINUATION, Flag.END_HEADERS, ID, GOOD_BLOCK.subarray(41)),
    )),
    echoed,
  ],
];

const MAX = 0x7fff_ffff;
const numbers: readonly Line[] = [
  ["SETTINGS_ENABLE_PUSH 2", settings([2, 2]), closed],
  ["SETTINGS_INITIAL_WINDOW_SIZE 2³¹", settings([4, 0x8000_0000]), closed],
  ["SETTINGS_INITIAL_WINDOW_SIZE 2³²-1", settings([4, 0xffff_ffff]), closed],
  ...[0, 16_383, 2 ** 24, 0xffff_ffff].map((size): Line => [
    `SETTINGS_MAX_FRAME_SIZE ${size}`,
    settings([5, size]),
    closed,
  ]),
  ["an unknown setting", settings([0xabcd, 7]), ignored],
  ["SETTINGS_MAX_CONCURRENT_STREAMS 0", settings([3, 0]), ignored],
  ["WINDOW_UPDATE of 0 for the connection", windowUpdate(0, 0), closed],
  ["WINDOW_UPDATE of 0 for a stream", begun(windowUpdate(ID, 0)), reset("PROTOCOL_ERROR")],
  ["a connection's window over 2³¹-1", join(windowUpdate(0, MAX), windowUpdate(0, MAX)), closed],
  ["a stream's window over 2³¹-1", begun(windowUpdate(ID, MAX)), reset("FLOW_CONTROL_ERROR")],
  [
    "an initial window that raises a stream's over 2³¹-1",
    begun(windowUpdate(ID, MAX - 65_535), settings([4, MAX])),
    closed,
  ],
  ["GOAWAY whose last id grows", join(goAway(0, 0), goAway(5, 0)), closed],
  ["GOAWAY, and a stream behind it", join(goAway(0, 0), streamed(headersOf())), echoed],
  ["RST_STREAM of a code that there is not", begun(rst(ID, 0xdead)), ignored],
  ["RST_STREAM with NO_ERROR", begun(rst(ID, 0)), ignored],
  ["two RST_STREAM", begun(rst(ID, 8), rst(ID, 8)), ignored],
  ["an answer to no PING", ping(7, Flag.ACK), ignored],
  [
    "two acknowledgements of SETTINGS",
    join(frame(SETTINGS, Flag.ACK, 0), frame(SETTINGS, Flag.ACK, 0)),
    ignored,
  ],
  ["an unknown frame", frame(10, 0xff, 77, zeros(20)), ignored],
  ["an unknown frame of type 255", frame(255, 0xff, 0, zeros(20)), ignored],
  ["unknown flags", streamed(headersOf(undefined, 0xc2)), echoed],
];

const order: readonly Line[] = [
  ["DATA behind the end", join(headersOf(), data(MESSAGE, Flag.END_STREAM), data(MESSAGE)), {
    end: "alive",
    answer: "RST STREAM_CLOSED",
  }],
  ["HEADERS behind the end", join(headersOf(), data(MESSAGE, Flag.END_STREAM), headersOf()), {
    end: "alive",
    answer: "RST STREAM_CLOSED",
  }],
  ["DATA behind a reset", begun(rst(ID, 8), data(MESSAGE)), reset("STREAM_CLOSED")],
  ["HEADERS behind a reset", begun(rst(ID, 8), headersOf()), reset("STREAM_CLOSED")],
  ["a second request on the stream", begun(headersOf()), reset("PROTOCOL_ERROR")],
  ["trailers without an end", begun(headersOf([["x", "y"]])), reset("PROTOCOL_ERROR")],
  [
    "trailers with a pseudo-header field",
    begun(headersOf([[":path", "/"]], Flag.END_STREAM)),
    reset("PROTOCOL_ERROR"),
  ],
  ["trailers", join(headersOf(), data(MESSAGE), headersOf([["x", "y"]], Flag.END_STREAM)), echoed],
  [
    "trailers that say a status",
    join(headersOf(), data(MESSAGE), headersOf([["grpc-status", "5"]], Flag.END_STREAM)),
    echoed,
  ],
];

const good = streamed(headersOf());
const beginnings: readonly Line[] = [1, 2, 3, 4, 5, 8, 9, 10, 20, good.length - 1].map((size) => [
  `the first ${size} bytes of a stream`,
  good.subarray(0, size),
  cut,
]);

const hello = (...frames: Uint8Array<ArrayBuffer>[]) => join(PREFACE, ...frames);
const first: readonly Line[] = [
  ["PING before SETTINGS", hello(ping(1)), closed],
  ["HEADERS before SETTINGS", hello(headersOf()), closed],
  ["DATA before SETTINGS", hello(data(MESSAGE)), closed],
  ["an acknowledgement before SETTINGS", hello(frame(SETTINGS, Flag.ACK, 0)), closed],
  ["an unknown frame before SETTINGS", hello(frame(99, 0, 0)), closed],
  ["a preface whose last byte is wrong", join(PREFACE.slice(0, 23), Uint8Array.of(0), settings()), closed],
  ["a preface twice", hello(settings(), PREFACE), closed],
  ["half a preface", PREFACE.slice(0, 12), cut],
  ["a preface without its last byte", PREFACE.slice(0, 23), cut],
  ["zeros", zeros(64), closed],
  ["HTTP/1.1", new TextEncoder().encode("POST /Test/Echo HTTP/1.1\r\nHost: b\r\n\r\n"), closed],
  ["TLS 1.3's hello", Uint8Array.of(0x16, 3, 3, 2, 0, 1, ...zeros(511)), closed],
];

export const http2: readonly Malformed[] = [
  ...group("streams", streams),
  ...group("sizes", sizes),
  ...group("padding and priorities", padding),
  ...group("header blocks in pieces", blocks),
  ...group("numbers", numbers),
  ...group("order", order),
  ...group("beginnings", beginnings),
  ...group("first bytes", first, { first: true }),
];
