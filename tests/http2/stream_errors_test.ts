import { assertEquals } from "@std/assert";
import { ByteBuffer, type Bytes } from "../../src/base/buffer.ts";
import { ErrorCode, errorCodeName } from "../../src/http2/error_code.ts";
import { Flag, FrameType, MAX_UINT31 } from "../../src/http2/frame.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import type { HeaderField } from "../../src/http2/hpack/field.ts";
import { Harness } from "./harness.ts";
import { data, frame, headers, ping, REQUEST, RESPONSE, rst, TRAILERS, u32, windowUpdate } from "./wire.ts";

const { PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR, ENHANCE_YOUR_CALM } = ErrorCode;
const { DATA, HEADERS, PRIORITY } = FrameType;
const END = Flag.END_STREAM;

interface Row {
  readonly name: string;
  readonly frames: readonly Bytes[];
  readonly code: number;
}

/** What breaks one stream of a client's, after its HEADERS have come. */
const OPEN_ROWS: readonly Row[] = [
  { name: "trailers without END_STREAM", frames: [headers(1, TRAILERS)], code: PROTOCOL_ERROR },
  {
    name: "a pseudo-header field in trailers",
    frames: [headers(1, [[":path", "/"]], END)],
    code: PROTOCOL_ERROR,
  },
  { name: "upper case in trailers", frames: [headers(1, [["A", "b"]], END)], code: PROTOCOL_ERROR },
  { name: "DATA after END_STREAM", frames: [data(1, "a", END), data(1, "b")], code: STREAM_CLOSED },
  {
    name: "HEADERS after END_STREAM",
    frames: [data(1, "a", END), headers(1, TRAILERS, END)],
    code: STREAM_CLOSED,
  },
  { name: "WINDOW_UPDATE of 0 bytes", frames: [windowUpdate(1, 0)], code: PROTOCOL_ERROR },
  { name: "a window beyond 2^31-1", frames: [windowUpdate(1, MAX_UINT31)], code: FLOW_CONTROL_ERROR },
  { name: "PRIORITY of 6 bytes", frames: [frame(PRIORITY, 0, 1, new Uint8Array(6))], code: FRAME_SIZE_ERROR },
  { name: "dependence on itself", frames: [frame(PRIORITY, 0, 1, [...u32(1), 0])], code: PROTOCOL_ERROR },
  {
    name: "DATA beyond its window",
    frames: Array.from({ length: 7 }, () => data(1, 16_384)),
    code: FLOW_CONTROL_ERROR,
  },
  {
    name: "trailers larger than the limit",
    frames: [headers(1, [["a", "x".repeat(8_000)], ["b", "x".repeat(8_400)]], END)],
    code: ENHANCE_YOUR_CALM,
  },
];

for (const { name, frames, code } of OPEN_ROWS) {
  Deno.test(`A stream with ${name} is reset with ${errorCodeName(code)}, and its neighbour goes on.`, async () => {
    const harness = await Harness.started("server");
    harness.consumes = false;
    harness.receive(headers(1, REQUEST));
    harness.told();
    harness.receive(...frames, headers(3, REQUEST, END));
    const told = harness.told().filter((line) => !line.startsWith("data"));
    assertEquals(told, [
      "released",
      `reset 1 ${errorCodeName(code)} here`,
      "peerReset",
      "opened 3 end te=trailers",
    ]);
    assertEquals((await harness.sent()).filter((line) => line.startsWith("RST")), [
      `RST_STREAM 1 ${errorCodeName(code)}`,
    ]);
    assertEquals(harness.connection.size, 1);
    assertEquals(harness.connection.unreadBytes, 0);
  });
}

function without(name: string): HeaderField[] {
  return REQUEST.filter(([known]) => known !== name);
}

/** Requests that are malformed (RFC 9113 8.1 to 8.3). */
const REQUESTS: readonly (readonly [name: string, fields: readonly HeaderField[]])[] = [
  ["no :method", without(":method")],
  ["no :scheme", without(":scheme")],
  ["no :path", without(":path")],
  ["an empty :path", [...without(":path"), [":path", ""]].toSorted() as HeaderField[]],
  ["two :method", [[":method", "GET"], ...REQUEST]],
  ["an unknown pseudo-header field", [[":protocol", "x"], ...REQUEST]],
  ["a response's pseudo-header field", [[":status", "200"], ...REQUEST]],
  ["a pseudo-header field behind a regular one", [["a", "b"], ...REQUEST]],
  ["upper case in a name", [...REQUEST, ["Abc", "d"]]],
  ["a space in a name", [...REQUEST, ["a b", "d"]]],
  ["a colon in a name", [...REQUEST, ["a:b", "d"]]],
  ["an empty name", [...REQUEST, ["", "d"]]],
  ["a byte over 0x7f in a name", [...REQUEST, ["a\xe4", "d"]]],
  ["NUL in a value", [...REQUEST, ["a", "b\0c"]]],
  ["a line break in a value", [...REQUEST, ["a", "b\nc"]]],
  ["a blank before a value", [...REQUEST, ["a", " b"]]],
  ["a blank behind a value", [...REQUEST, ["a", "b\t"]]],
  ["a line break in :path", [[":path", "/a\r"], ...without(":path")]],
  ["connection", [...REQUEST, ["connection", "close"]]],
  ["keep-alive", [...REQUEST, ["keep-alive", "1"]]],
  ["proxy-connection", [...REQUEST, ["proxy-connection", "close"]]],
  ["transfer-encoding", [...REQUEST, ["transfer-encoding", "chunked"]]],
  ["upgrade", [...REQUEST, ["upgrade", "h2c"]]],
  ["te that is not trailers", [...without("te"), ["te", "gzip"]]],
  ["another host than :authority", [...REQUEST, ["host", "c"]]],
  ["a content-length that is no number", [...REQUEST, ["content-length", "-1"]]],
  ["two lengths", [...REQUEST, ["content-length", "1"], ["content-length", "2"]]],
  ["CONNECT with a :path", [[":method", "CONNECT"], ...without(":method")]],
  ["CONNECT without :authority", [[":method", "CONNECT"]]],
];

for (const [name, fields] of REQUESTS) {
  Deno.test(`A request with ${name} is reset, and nobody is told of it.`, async () => {
    const harness = await Harness.started("server");
    harness.receive(headers(1, fields), headers(3, REQUEST));
    assertEquals(harness.told(), ["opened 3 te=trailers"]);
    assertEquals(await harness.sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
  });
}

const REQUESTS_TAKEN: readonly (readonly [name: string, fields: readonly HeaderField[]])[] = [
  ["CONNECT", [[":method", "CONNECT"], [":authority", "a"]]],
  ["no :authority", without(":authority")],
  ["host", [...REQUEST, ["host", "B"]]],
  ["the same length twice", [...REQUEST, ["content-length", "1"], ["content-length", "1"]]],
  ["bytes over 0x7f in a value", [...REQUEST, ["a", "\xe4\xff"]]],
  ["an empty value", [...REQUEST, ["a", ""]]],
];

for (const [name, fields] of REQUESTS_TAKEN) {
  Deno.test(`A request with ${name} is taken.`, async () => {
    const harness = await Harness.started("server");
    harness.receive(headers(1, fields));
    assertEquals(harness.accepted.length, 1);
    assertEquals(await harness.sent(), []);
  });
}

const withLength: readonly HeaderField[] = [...REQUEST, ["content-length", "3"]];

for (
  const [name, frames, ok] of [
    ["as much DATA as content-length says", [data(1, "ab"), data(1, "c", END)], true],
    ["less DATA than content-length says", [data(1, "ab", END)], false],
    ["more DATA than content-length says", [data(1, "abcd")], false],
    ["less DATA than content-length says before trailers", [data(1, "ab"), headers(1, TRAILERS, END)], false],
    ["padding, which content-length does not count", [
      frame(DATA, Flag.PADDED | END, 1, [2, 65, 66, 67, 0, 0]),
    ], true],
  ] as const
) {
  Deno.test(`A request with ${name} is ${ok ? "whole" : "reset"}.`, async () => {
    const harness = await Harness.started("server");
    harness.receive(headers(1, withLength), ...frames);
    const rsts = (await harness.sent()).filter((line) => line.startsWith("RST"));
    assertEquals(rsts, ok ? [] : ["RST_STREAM 1 PROTOCOL_ERROR"]);
  });
}

Deno.test("A request that ends at once and has a content-length is reset.", async () => {
  const harness = await Harness.started("server");
  harness.receive(headers(1, withLength, END));
  assertEquals(harness.told(), []);
  assertEquals(await harness.sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
});

Deno.test("A request whose HEADERS depend on themselves is reset, and the dynamic table knows their fields.", async () => {
  const harness = await Harness.started("server");
  const encoder = new HpackEncoder();
  const [first, second] = [new ByteBuffer(), new ByteBuffer()];
  encoder.encode(first, [...REQUEST, ["a", "b"]]);
  encoder.encode(second, [...REQUEST, ["a", "b"]]);
  const own = frame(HEADERS, Flag.END_HEADERS | Flag.PRIORITY, 1, [...u32(1), 0, ...first.toBytes()]);
  harness.receive(own, frame(HEADERS, Flag.END_HEADERS, 3, second.toBytes()));
  assertEquals(harness.told(), ["opened 3 te=trailers a=b"]);
  assertEquals(await harness.sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
});

Deno.test("A request beyond the streams that may be open is refused; when one has left the next is taken.", async () => {
  const harness = await Harness.started("server", { maxStreams: 1 });
  harness.receive(headers(1, REQUEST, END), headers(3, REQUEST, END));
  assertEquals(await harness.sent(), ["RST_STREAM 3 REFUSED_STREAM"]);
  harness.stream.sendHeaders(RESPONSE, true);
  harness.receive(headers(5, REQUEST, END));
  assertEquals(harness.told(), ["opened 1 end te=trailers", "released", "opened 5 end te=trailers"]);
  await harness.sent();
});

Deno.test("A request that its owner does not want is refused.", async () => {
  const harness = await Harness.started("server");
  harness.opened = () => false;
  harness.receive(headers(1, REQUEST));
  assertEquals(await harness.sent(), ["RST_STREAM 1 REFUSED_STREAM"]);
  assertEquals(harness.connection.size, 0);
});

Deno.test("What comes after a reset of ours is no error.", async () => {
  const harness = await Harness.started("server");
  harness.receive(headers(1, REQUEST));
  harness.stream.reset(ErrorCode.CANCEL);
  harness.told();
  harness.receive(
    data(1, 16_384),
    windowUpdate(1, 5),
    data(1, 16_384),
    headers(1, TRAILERS, END),
    rst(1, 0),
    ping(7),
  );
  assertEquals(harness.told(), []);
  assertEquals(await harness.sent(), ["RST_STREAM 1 CANCEL", "PING ack 7"]);
});

for (const [name, late] of [["DATA", data(1, "a")], ["HEADERS", headers(1, TRAILERS, END)]] as const) {
  Deno.test(`${name} after the peer's own RST_STREAM are answered with STREAM_CLOSED.`, async () => {
    const harness = await Harness.started("server");
    harness.receive(headers(1, REQUEST), rst(1, ErrorCode.CANCEL), late, ping(7));
    assertEquals(harness.told(), ["opened 1 te=trailers", "released", "reset 1 CANCEL", "peerReset"]);
    assertEquals(await harness.sent(), ["RST_STREAM 1 STREAM_CLOSED", "PING ack 7"]);
  });
}

Deno.test("What comes for a stream that is long forgotten is answered, and does not end the connection.", async () => {
  const harness = await Harness.started("server");
  for (let id = 1; id < 2 * 8_300; id += 2) {
    harness.receive(headers(id, REQUEST));
    harness.stream.reset(ErrorCode.CANCEL);
  }
  await harness.sent();
  harness.receive(headers(1, TRAILERS, END), data(3, "a"));
  assertEquals(await harness.sent(), ["RST_STREAM 1 STREAM_CLOSED", "RST_STREAM 3 STREAM_CLOSED"]);
  assertEquals(harness.error, undefined);
});

/** Answers that are malformed. */
const RESPONSES: readonly (readonly [name: string, frames: readonly Bytes[]])[] = [
  ["no :status", [headers(1, [["a", "b"]])]],
  ["two :status", [headers(1, [...RESPONSE, ...RESPONSE])]],
  [":status 20", [headers(1, [[":status", "20"]])]],
  [":status 101", [headers(1, [[":status", "101"]])]],
  ["a request's pseudo-header field", [headers(1, [...RESPONSE, [":path", "/"]])]],
  [":status behind a regular field", [headers(1, [["a", "b"], ...RESPONSE])]],
  ["connection", [headers(1, [...RESPONSE, ["connection", "close"]])]],
  ["END_STREAM on an interim answer", [headers(1, [[":status", "100"]], END)]],
  ["DATA before HEADERS", [data(1, "a")]],
  ["trailers before HEADERS", [headers(1, TRAILERS, END)]],
];

for (const [name, frames] of RESPONSES) {
  Deno.test(`An answer with ${name} is reset.`, async () => {
    const harness = await Harness.started("client");
    harness.open(REQUEST);
    await harness.sent();
    harness.receive(...frames);
    assertEquals(harness.told(), ["released", "reset 1 PROTOCOL_ERROR here", "peerReset"]);
    assertEquals(await harness.sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
  });
}

Deno.test("Interim answers are skipped.", async () => {
  const harness = await Harness.started("client");
  harness.open(REQUEST, true);
  harness.receive(headers(1, [[":status", "103"]]), headers(1, [[":status", "100"]]), headers(1, RESPONSE));
  harness.receive(data(1, "a"), headers(1, TRAILERS, END));
  assertEquals(harness.told(), ["headers 1 :status=200", "data 1 1", "trailers 1 grpc-status=0", "released"]);
  await harness.sent();
});

Deno.test("An answer to HEAD, and 304, have no body, whatever their content-length says.", async () => {
  const harness = await Harness.started("client");
  harness.open([[":method", "HEAD"], ...REQUEST.slice(1)], true);
  harness.open(REQUEST, true);
  const length: HeaderField = ["content-length", "5"];
  harness.receive(headers(1, [...RESPONSE, length], END), headers(3, [[":status", "304"], length], END));
  assertEquals(harness.told().length, 4);
  assertEquals((await harness.sent()).length, 2);
});
