import { assertEquals, assertMatch } from "@std/assert";
import type { Bytes } from "../../src/base/buffer.ts";
import { ErrorCode, errorCodeName } from "../../src/http2/error_code.ts";
import { Flag, FrameType, MAX_UINT31, PREFACE } from "../../src/http2/frame.ts";
import { Harness } from "./harness.ts";
import {
  block,
  data,
  frame,
  goAway,
  headers,
  ping,
  REQUEST,
  RESPONSE,
  rst,
  settings,
  SETTINGS_ACK,
  TRAILERS,
  u32,
  windowUpdate,
} from "./wire.ts";

interface Row {
  readonly name: string;
  readonly role?: "client";
  readonly frames: readonly Bytes[];
  readonly code: number;
  readonly text: RegExp;
}

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR, COMPRESSION_ERROR, STREAM_CLOSED } = ErrorCode;
const {
  DATA,
  HEADERS,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  PUSH_PROMISE,
  PING,
  GOAWAY,
  WINDOW_UPDATE,
  CONTINUATION,
} = FrameType;
const open = headers(1, REQUEST);
const whole = headers(1, REQUEST, Flag.END_STREAM);
const request = block(REQUEST);

/** What breaks a connection, by the frames that do (RFC 9113 5 and 6). */
const ROWS: readonly Row[] = [
  {
    name: "DATA without a stream",
    frames: [data(0, "a")],
    code: PROTOCOL_ERROR,
    text: /DATA without a stream/,
  },
  {
    name: "HEADERS without a stream",
    frames: [headers(0, REQUEST)],
    code: PROTOCOL_ERROR,
    text: /without a stream/,
  },
  {
    name: "PRIORITY without a stream",
    frames: [frame(PRIORITY, 0, 0, [0, 0, 0, 0, 0])],
    code: PROTOCOL_ERROR,
    text: /without a stream/,
  },
  {
    name: "RST_STREAM without a stream",
    frames: [rst(0, 8)],
    code: PROTOCOL_ERROR,
    text: /without a stream/,
  },
  {
    name: "RST_STREAM of 3 bytes",
    frames: [open, frame(RST_STREAM, 0, 1, [0, 0, 8])],
    code: FRAME_SIZE_ERROR,
    text: /of 3 bytes, not 4/,
  },
  {
    name: "RST_STREAM of an idle stream",
    frames: [rst(1, 8)],
    code: PROTOCOL_ERROR,
    text: /stream 1, which is idle/,
  },
  { name: "RST_STREAM of an even stream", frames: [open, rst(2, 8)], code: PROTOCOL_ERROR, text: /idle/ },
  {
    name: "DATA of an idle stream",
    frames: [data(1, "a")],
    code: PROTOCOL_ERROR,
    text: /DATA of stream 1, which is idle/,
  },
  {
    name: "DATA of a stream that was passed over",
    frames: [headers(5, REQUEST), data(3, "a")],
    code: PROTOCOL_ERROR,
    text: /stream 3/,
  },
  {
    name: "WINDOW_UPDATE of an idle stream",
    frames: [windowUpdate(1, 1)],
    code: PROTOCOL_ERROR,
    text: /idle/,
  },
  {
    name: "HEADERS of an even stream",
    frames: [headers(2, REQUEST)],
    code: PROTOCOL_ERROR,
    text: /stream 2/,
  },
  {
    name: "HEADERS of a lower stream than before",
    frames: [headers(5, REQUEST), headers(3, REQUEST)],
    code: PROTOCOL_ERROR,
    text: /stream 3 after stream 5/,
  },
  {
    name: "SETTINGS of a stream",
    frames: [frame(SETTINGS, 0, 1)],
    code: PROTOCOL_ERROR,
    text: /SETTINGS of stream 1/,
  },
  {
    name: "SETTINGS of 5 bytes",
    frames: [frame(SETTINGS, 0, 0, [0, 4, 0, 0, 0])],
    code: FRAME_SIZE_ERROR,
    text: /of 5 bytes/,
  },
  {
    name: "an acknowledgement of SETTINGS with a payload",
    frames: [frame(SETTINGS, Flag.ACK, 0, [0, 4, 0, 0, 0, 0])],
    code: FRAME_SIZE_ERROR,
    text: /of 6 bytes, not 0/,
  },
  {
    name: "SETTINGS_ENABLE_PUSH 2",
    frames: [settings([2, 2])],
    code: PROTOCOL_ERROR,
    text: /ENABLE_PUSH 2 is over 1/,
  },
  {
    name: "SETTINGS_ENABLE_PUSH 1 of a server",
    role: "client",
    frames: [settings([2, 1])],
    code: PROTOCOL_ERROR,
    text: /ENABLE_PUSH 1 is over 0/,
  },
  {
    name: "SETTINGS_INITIAL_WINDOW_SIZE 2^31",
    frames: [settings([4, 2 ** 31])],
    code: FLOW_CONTROL_ERROR,
    text: /2147483648 is over 2147483647/,
  },
  {
    name: "SETTINGS_MAX_FRAME_SIZE 16383",
    frames: [settings([5, 16_383])],
    code: PROTOCOL_ERROR,
    text: /16383 is not in 16384 to 16777215/,
  },
  {
    name: "SETTINGS_MAX_FRAME_SIZE 2^24",
    frames: [settings([5, 2 ** 24])],
    code: PROTOCOL_ERROR,
    text: /16777216/,
  },
  {
    name: "an initial window that raises a stream's beyond 2^31-1",
    frames: [open, windowUpdate(1, MAX_UINT31 - 65_535), settings([4, 65_536])],
    code: FLOW_CONTROL_ERROR,
    text: /65536 raises the window of stream 1/,
  },
  {
    name: "a PING of a stream",
    frames: [frame(PING, 0, 1, new Uint8Array(8))],
    code: PROTOCOL_ERROR,
    text: /PING of stream 1/,
  },
  {
    name: "a PING of 6 bytes",
    frames: [frame(PING, 0, 0, new Uint8Array(6))],
    code: FRAME_SIZE_ERROR,
    text: /of 6 bytes, not 8/,
  },
  {
    name: "a GOAWAY of a stream",
    frames: [frame(GOAWAY, 0, 1, new Uint8Array(8))],
    code: PROTOCOL_ERROR,
    text: /GOAWAY of stream 1/,
  },
  {
    name: "a GOAWAY of 7 bytes",
    frames: [frame(GOAWAY, 0, 0, new Uint8Array(7))],
    code: FRAME_SIZE_ERROR,
    text: /of 7 bytes/,
  },
  {
    name: "a GOAWAY whose last id rises",
    role: "client",
    frames: [goAway(1, 0), goAway(3, 0)],
    code: PROTOCOL_ERROR,
    text: /last id 3, after one with 1/,
  },
  {
    name: "PUSH_PROMISE of a client",
    frames: [open, frame(PUSH_PROMISE, Flag.END_HEADERS, 1, [0, 0, 0, 2, ...request])],
    code: PROTOCOL_ERROR,
    text: /PUSH_PROMISE/,
  },
  {
    name: "PUSH_PROMISE of a server",
    role: "client",
    frames: [frame(PUSH_PROMISE, Flag.END_HEADERS, 1, [0, 0, 0, 2, ...request])],
    code: PROTOCOL_ERROR,
    text: /PUSH_PROMISE/,
  },
  {
    name: "a stream that a server opens",
    role: "client",
    frames: [headers(2, RESPONSE)],
    code: PROTOCOL_ERROR,
    text: /stream 2, which is idle/,
  },
  {
    name: "an answer to what was not asked",
    role: "client",
    frames: [headers(1, RESPONSE)],
    code: PROTOCOL_ERROR,
    text: /stream 1, which is idle/,
  },
  {
    name: "WINDOW_UPDATE of 0 bytes",
    frames: [windowUpdate(0, 0)],
    code: PROTOCOL_ERROR,
    text: /of 0 bytes/,
  },
  {
    name: "WINDOW_UPDATE of 3 bytes",
    frames: [frame(WINDOW_UPDATE, 0, 0, [0, 0, 1])],
    code: FRAME_SIZE_ERROR,
    text: /of 3 bytes, not 4/,
  },
  {
    name: "a connection window beyond 2^31-1",
    frames: [windowUpdate(0, MAX_UINT31)],
    code: FLOW_CONTROL_ERROR,
    text: /2147483647 bytes/,
  },
  {
    name: "CONTINUATION without HEADERS",
    frames: [frame(CONTINUATION, Flag.END_HEADERS, 1, request)],
    code: PROTOCOL_ERROR,
    text: /without HEADERS/,
  },
  {
    name: "CONTINUATION after the block's end",
    frames: [open, frame(CONTINUATION, Flag.END_HEADERS, 1, request)],
    code: PROTOCOL_ERROR,
    text: /without HEADERS/,
  },
  {
    name: "CONTINUATION of another stream",
    frames: [frame(HEADERS, 0, 1, request), frame(CONTINUATION, Flag.END_HEADERS, 3)],
    code: PROTOCOL_ERROR,
    text: /stream 3, not CONTINUATION of stream 1/,
  },
  {
    name: "another frame inside of a header block",
    frames: [frame(HEADERS, 0, 1, request), ping(1)],
    code: PROTOCOL_ERROR,
    text: /PING/,
  },
  {
    name: "an unknown frame inside of a header block",
    frames: [frame(HEADERS, 0, 1, request), frame(99, 0, 1)],
    code: PROTOCOL_ERROR,
    text: /type 99/,
  },
  {
    name: "a broken header block",
    frames: [frame(HEADERS, Flag.END_HEADERS, 1, [0x80])],
    code: COMPRESSION_ERROR,
    text: /index 0/,
  },
  {
    name: "padding as long as the frame",
    frames: [open, frame(DATA, Flag.PADDED, 1, [3, 0, 0])],
    code: PROTOCOL_ERROR,
    text: /padding of 3/,
  },
  {
    name: "padding without its length",
    frames: [open, frame(DATA, Flag.PADDED, 1)],
    code: FRAME_SIZE_ERROR,
    text: /0 bytes is padded/,
  },
  {
    name: "HEADERS whose padding leaves no room",
    frames: [frame(HEADERS, Flag.PADDED | Flag.END_HEADERS, 1, [9, 0])],
    code: PROTOCOL_ERROR,
    text: /padding of 9/,
  },
  {
    name: "HEADERS without room for their priority",
    frames: [frame(HEADERS, Flag.PRIORITY | Flag.END_HEADERS, 1, [0, 0])],
    code: FRAME_SIZE_ERROR,
    text: /no room for a priority/,
  },
  {
    name: "HEADERS of 16,385 bytes",
    frames: [frame(HEADERS, 0, 1, new Uint8Array(16_385))],
    code: FRAME_SIZE_ERROR,
    text: /16385 bytes exceeds the limit of 16384/,
  },
  {
    name: "DATA of more than 1 MiB",
    frames: [open, frame(DATA, 0, 1, new Uint8Array(1024 * 1024 + 1))],
    code: FRAME_SIZE_ERROR,
    text: /1048577 bytes exceeds the limit of 1048576/,
  },
  {
    name: "PRIORITY of 4 bytes of an idle stream",
    frames: [frame(PRIORITY, 0, 1, u32(3))],
    code: FRAME_SIZE_ERROR,
    text: /of 4 bytes, not 5/,
  },
  {
    name: "an idle stream that depends on itself",
    frames: [frame(PRIORITY, 0, 1, [...u32(1), 0])],
    code: PROTOCOL_ERROR,
    text: /depends on itself/,
  },
];

for (const { name, role = "server", frames, code, text } of ROWS) {
  Deno.test(`${name} ends the connection with ${errorCodeName(code)}.`, async () => {
    const harness = await Harness.started(role);
    harness.receive(...frames);
    assertEquals(harness.error?.code, code);
    assertMatch(harness.error?.description ?? "", text);
    const goAwayLine = (await harness.sent()).at(-1) ?? "";
    assertMatch(goAwayLine, new RegExp(`^GOAWAY \\d+ ${errorCodeName(code)} `));
    assertMatch(goAwayLine, text);
  });
}

Deno.test("HEADERS of a stream that both ends have ended end the connection with STREAM_CLOSED.", async () => {
  const harness = await Harness.started("server");
  harness.receive(whole);
  harness.stream.sendHeaders(RESPONSE, true);
  harness.receive(headers(1, TRAILERS, Flag.END_STREAM));
  assertEquals(harness.error?.code, STREAM_CLOSED);
});

Deno.test("A connection that begins with something else than the preface ends with PROTOCOL_ERROR.", async () => {
  const harness = new Harness("server");
  harness.connection.start();
  harness.receive(PREFACE.subarray(0, 3));
  assertEquals(harness.connection.pendingBytes, 3);
  harness.receive(new TextEncoder().encode("XGET"));
  assertEquals(harness.error?.code, PROTOCOL_ERROR);
  assertMatch(harness.error?.description ?? "", /byte 3 is 0x58/);
  assertEquals((await harness.sent()).length, 3);
});

for (
  const [name, first] of [["PING", ping(1)], ["DATA", data(1, "a")], [
    "an acknowledgement",
    SETTINGS_ACK,
  ]] as const
) {
  Deno.test(`A peer whose first frame is ${name} and not SETTINGS is cut.`, async () => {
    const harness = new Harness("client");
    harness.connection.start();
    harness.receive(first);
    assertEquals(harness.error?.code, PROTOCOL_ERROR);
    await harness.sent();
  });
}

Deno.test("The streams hear of a broken connection, once, and nothing is taken after it.", async () => {
  const harness = await Harness.started("server");
  harness.receive(open, headers(3, REQUEST), windowUpdate(0, 0), data(1, "a"));
  assertEquals(harness.told().slice(2), ["lost 1 begun", "lost 3 begun", "end PROTOCOL_ERROR"]);
  harness.receive(data(1, "a"));
  harness.connection.lost(new Error("closed"));
  assertEquals(harness.told(), []);
  assertEquals((await harness.sent()).at(-1), "GOAWAY 3 PROTOCOL_ERROR WINDOW_UPDATE of 0 bytes");
});
