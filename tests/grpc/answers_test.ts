/** What a client makes of an answer: statuses, texts, details, and what is no answer of gRPC's at all. */
import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { BizStatusError, connectOver } from "../../mod.ts";
import { grpc, GrpcError } from "../../src/grpc/mod.ts";
import { percentDecode, percentEncode } from "../../src/grpc/percent.ts";
import type { Bytes } from "../../src/base/buffer.ts";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag } from "../../src/http2/frame.ts";
import type { HeaderField } from "../../src/http2/hpack/field.ts";
import { data, goAway, headers, rst } from "../http2/wire.ts";
import { bytes, string } from "../support/codecs.ts";
import { grpcErrorOf } from "../support/failures.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection } from "../support/rejection.ts";
import { ANSWER, halfClose, lastHeaders, messages } from "./http2_peer.ts";
import { ClientScript } from "./scripts.ts";

const RAW = new TextEncoder();

/** What a call ends with that gets this answer; its neighbour, opened before and answered behind it, must be well. */
async function endOf(...answer: readonly Bytes[]): Promise<GrpcError> {
  await using script = new ClientScript();
  const neighbour = script.open();
  const stream = script.open();
  await script.peer.headers();
  await script.peer.headers();
  await script.peer.send(...answer);
  await script.peer.send(
    headers(1, ANSWER),
    messages(1, "still here"),
    lastHeaders(1, [["grpc-status", "0"]]),
  );
  const error = await grpcErrorOf(stream.closed);
  assertStrictEquals(await rejection(stream.readable.getReader().read()), error);
  assertEquals(await Array.fromAsync(neighbour.readable, string), ["still here"]);
  assertEquals([error.service, error.method, error.side], ["Test", "Echo", "client"]);
  return error;
}

function status(...fields: readonly HeaderField[]): Bytes {
  return lastHeaders(3, [...ANSWER, ...fields]);
}

for (
  const [fields, code, text] of [
    [[["grpc-status", "5"], ["grpc-message", "no such model"]], 5, "no such model"],
    [[["grpc-status", "5"]], 5, ""],
    [[["grpc-status", "16"], ["grpc-message", ""]], 16, ""],
    [[["grpc-status", "20"], ["grpc-message", "unknown service X"]], 20, "unknown service X"],
    [[["grpc-status", "7"], ["grpc-message", "gr%C3%BC%C3%9Fe%0A%25"]], 7, "grüße\n%"],
    [[["grpc-status", "7"], ["grpc-message", "100% %zz %4"]], 7, "100% %zz %4"],
    [[["grpc-status", "7"], ["grpc-message", "%FF%41"]], 7, "\uFFFDA"],
    [[["grpc-status", "x"], ["grpc-message", "strange"]], 2, "strange"],
    [[["grpc-status", "-1"]], 2, `malformed grpc-status: "-1"`],
    [[["grpc-status", ""]], 2, `malformed grpc-status: ""`],
    [[["grpc-status", "00"], ["grpc-message", "zeros"]], 2, "zeros"],
    [[["grpc-status", "9999999999"]], 2, `malformed grpc-status: "9999999999"`],
    [[["grpc-status", "999999999"]], 999_999_999, ""],
    [[["grpc-status", "1.5"]], 2, `malformed grpc-status: "1.5"`],
    [[["grpc-status", "13"], ["biz-status", "x"], ["grpc-message", "t"]], 13, "t"],
    [[["grpc-status", "13"], ["biz-status", "0"], ["grpc-message", "t"]], 13, "t"],
    [[["grpc-status", "13"], ["biz-status", "99999999999"], ["grpc-message", "t"]], 13, "t"],
  ] as const satisfies readonly (readonly [readonly HeaderField[], number, string])[]
) {
  const shown = fields.map(([name, value]) => `${name}: ${value}`).join(", ");
  for (
    const [where, answer] of [
      ["trailers alone", [status(...fields)]],
      ["trailers", [headers(3, ANSWER), lastHeaders(3, fields)]],
    ] as const
  ) {
    Deno.test(`client: ${shown}, as ${where}, is code ${code} ${JSON.stringify(text)}`, async () => {
      const error = await endOf(...answer);
      assertEquals([error.code, error.description, error.retryable], [code, text, false]);
      assertEquals(error.message, `rpc error: code = ${code} desc = ${text}`);
    });
  }
}

Deno.test("client: details come with the error, with padding or without, and what is no base64 is left out", async () => {
  for (
    const [value, details] of [
      ["aGk=", RAW.encode("hi")],
      ["aGk", RAW.encode("hi")],
      ["", new Uint8Array()],
      ["%%%", undefined],
    ] as const
  ) {
    const error = await endOf(status(["grpc-status", "9"], ["grpc-status-details-bin", value]));
    assertEquals([error.code, error.details], [9, details], value);
  }
});

for (
  const [httpStatus, code] of [
    ["400", 13],
    ["401", 16],
    ["403", 7],
    ["404", 12],
    ["429", 14],
    ["502", 14],
    ["503", 14],
    ["504", 14],
    ["500", 2],
    ["204", 2],
    ["302", 2],
  ] as const
) {
  for (const body of [false, true]) {
    Deno.test(`client: HTTP ${httpStatus}${body ? " with a page" : ""} is code ${code}`, async () => {
      const fields: HeaderField[] = [[":status", httpStatus], ["content-type", "text/html"]];
      const answer = body
        ? [headers(3, fields), data(3, "<h1>sorry</h1>", Flag.END_STREAM)]
        : [lastHeaders(3, fields)];
      const error = await endOf(...answer);
      assertEquals(error.code, code);
      assertEquals(error.description, `unexpected HTTP status code received from server: ${httpStatus}`);
      assertEquals([error.kind, error.retryable], ["protocol", false]);
    });
  }
}

Deno.test("client: an answer that is no gRPC says which content-type it has", async () => {
  const html = await endOf(
    headers(3, [[":status", "200"], ["content-type", "text/html"]]),
    data(3, "<h1>", Flag.END_STREAM),
  );
  assertEquals([html.code, html.description], [
    2,
    `the answer's content-type is "text/html", not application/grpc`,
  ]);
  const none = await endOf(lastHeaders(3, [[":status", "200"]]));
  assertEquals([none.code, none.description], [
    2,
    "the answer's content-type is missing, not application/grpc",
  ]);
  const web = await endOf(headers(3, [[":status", "200"], ["content-type", "application/grpc-web"]]));
  assertEquals(web.code, 2);
});

Deno.test("client: a status of gRPC's counts, whatever HTTP says beside it", async () => {
  const error = await endOf(
    lastHeaders(3, [[":status", "503"], ["grpc-status", "8"], ["grpc-message", "busy"]]),
  );
  assertEquals([error.code, error.description], [8, "busy"]);
});

for (
  const type of [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc;charset=utf-8",
    "application/grpc+thrift",
    "Application/gRPC",
  ]
) {
  Deno.test(`client: an answer of ${type} is gRPC`, async () => {
    await using script = new ClientScript();
    const stream = script.open();
    await script.peer.send(
      headers(1, [[":status", "200"], ["content-type", type]]),
      messages(1, "yes"),
      lastHeaders(1, [["grpc-status", "0"]]),
    );
    assertEquals(await Array.fromAsync(stream.readable, string), ["yes"]);
  });
}

Deno.test("client: an interim answer is passed over", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send(
    headers(1, [[":status", "103"]]),
    headers(1, ANSWER),
    lastHeaders(1, [["grpc-status", "0"]]),
  );
  assertEquals(await Array.fromAsync(stream.readable), []);
});

Deno.test("client: END_STREAM without trailers is an error, with what came before it to be read", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send(headers(1, ANSWER), messages(1, "one"), halfClose(1));
  const reader = stream.readable.getReader();
  assertEquals(string((await reader.read()).value), "one");
  const error = await grpcErrorOf(reader.read());
  assertEquals([error.code, error.kind], [13, "protocol"]);
  assertEquals(error.description, "server closed the stream without sending trailers");
});

Deno.test("client: a server that says it ended well within a message has not", async () => {
  for (const [cut, count] of [[data(3, "\0\0\0"), 3], [data(3, "\0\0\0\0\x05ab"), 7]] as const) {
    const error = await endOf(headers(3, ANSWER), cut, lastHeaders(3, [["grpc-status", "0"]]));
    assertEquals([error.code, error.description], [
      13,
      `the server ended within a message, after ${count} bytes of it`,
    ]);
  }
  // Where it says why it ended, that is the reason.
  const why = await endOf(headers(3, ANSWER), data(3, "\0\0"), lastHeaders(3, [["grpc-status", "8"]]));
  assertEquals(why.code, 8);
});

Deno.test("client: trailers without grpc-status are code 2", async () => {
  const error = await endOf(headers(3, ANSWER), lastHeaders(3, [["cost", "3"]]));
  assertEquals([error.code, error.description], [2, "the server's trailers have no grpc-status"]);
});

for (
  const [code, expected, name] of [
    [ErrorCode.NO_ERROR, 13, "NO_ERROR"],
    [ErrorCode.PROTOCOL_ERROR, 13, "PROTOCOL_ERROR"],
    [ErrorCode.INTERNAL_ERROR, 13, "INTERNAL_ERROR"],
    [ErrorCode.FLOW_CONTROL_ERROR, 8, "FLOW_CONTROL_ERROR"],
    [ErrorCode.REFUSED_STREAM, 14, "REFUSED_STREAM"],
    [ErrorCode.CANCEL, 1, "CANCEL"],
    [ErrorCode.ENHANCE_YOUR_CALM, 8, "ENHANCE_YOUR_CALM"],
    [ErrorCode.INADEQUATE_SECURITY, 7, "INADEQUATE_SECURITY"],
    [1000, 14, "error code 1000"],
    [4711, 13, "error code 4711"],
  ] as const
) {
  Deno.test(`client: RST_STREAM ${name} of the server is code ${expected}`, async () => {
    const error = await endOf(rst(3, code));
    assertEquals(error.code, expected);
    assertEquals(error.description, `stream terminated by RST_STREAM with error code: ${name}`);
    assertEquals(error.retryable, code === ErrorCode.REFUSED_STREAM);
  });
}

Deno.test("client: a business error is one at the reader, the writer and closed, and the trailer is there", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const fields: HeaderField[] = [["grpc-status", "13"], ["grpc-message", "n%C3%B6"], ["biz-status", "-404"], [
    "biz-extra",
    '{"a":"\\u00fc"}',
  ], ["cost", "3"]];
  await script.peer.send(lastHeaders(1, [...ANSWER, ...fields]));
  const error = await rejection(stream.closed);
  assertInstanceOf(error, BizStatusError);
  assertEquals([error.statusCode, error.statusMessage, error.extra], [-404, "nö", { a: "ü" }]);
  assertStrictEquals(await rejection(Array.fromAsync(stream.readable)), error);
  assertStrictEquals(await rejection(stream.send(bytes("x"))), error);
  assertEquals((await stream.trailer).get("cost"), "3");
});

Deno.test("client: a broken biz-extra is left out", async () => {
  for (const extra of ["{", "[]", '{"a":1}', "null", ""]) {
    await using script = new ClientScript();
    const stream = script.open();
    await script.peer.send(
      lastHeaders(1, [...ANSWER, ["grpc-status", "13"], ["biz-status", "7"], ["biz-extra", extra]]),
    );
    const error = await rejection(stream.closed);
    assertInstanceOf(error, BizStatusError);
    assertEquals([error.statusCode, error.extra], [7, undefined], extra);
  }
});

Deno.test("client: trailers alone: the header is empty of it, the trailer has all of it", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send(lastHeaders(1, [...ANSWER, ["grpc-status", "0"], ["cost", "3"]]));
  await stream.closed;
  assertEquals(await stream.header, new Map());
  assertEquals((await stream.trailer).get("cost"), "3");
});

Deno.test("client: GOAWAY: what the server takes goes on, what is beyond it may be tried again, and no more is opened", async () => {
  await using script = new ClientScript();
  const [first, second] = [script.open(), script.open()];
  await script.peer.headers();
  await script.peer.headers();
  await script.peer.send(goAway(1, ErrorCode.NO_ERROR, "graceful_stop"));
  const error = await grpcErrorOf(second.closed);
  assertEquals([error.code, error.retryable], [14, true]);
  assertEquals(error.description.includes("GOAWAY (NO_ERROR, graceful_stop)"), true, error.description);
  const late = await grpcErrorOf(script.open().closed);
  assertEquals([late.code, late.retryable], [14, true]);
  await script.peer.send(headers(1, ANSWER), messages(1, "done"), lastHeaders(1, [["grpc-status", "0"]]));
  assertEquals(await Array.fromAsync(first.readable, string), ["done"]);
  const { message } = await grpcErrorOf(script.connection.closed);
  assertEquals(message, "rpc error: code = 14 desc = the server has said GOAWAY (NO_ERROR, graceful_stop)");
});

for (
  const [what, sent] of [
    ["HTTP/1", bytes("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n400")],
    [
      "TTHeader Streaming",
      new Uint8Array([0, 0, 0, 20, 0x10, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
    ["TLS", new Uint8Array([0x15, 3, 1, 0, 2, 2, 22, 0, 0, 0, 0])],
  ] as const
) {
  Deno.test(`client: a server that speaks ${what} ends the connection with an error, at once`, async () => {
    const [near, far] = duplexPair();
    const connection = connectOver(near, { protocol: grpc() });
    const stream = connection.openStream({ service: "Test", method: "Echo" });
    const writer = far.writable.getWriter();
    const drained = far.readable.pipeTo(new WritableStream()).catch(() => {});
    writer.write(sent).catch(() => {});
    const error = await grpcErrorOf(stream.closed);
    assertEquals([error.code, error.kind], [14, "protocol"]);
    assertEquals(await rejection(connection.closed) instanceof GrpcError, true);
    await drained;
  });
}

Deno.test("percentEncode and percentDecode are each other's inverse, and nothing but printable ASCII travels", () => {
  const texts = ["", " ", "  a ", "a%b", "%41", "\t\r\n", "grüße 🎉", "\u0000\u007f~", "plain text", "ends "];
  for (const text of texts) {
    const encoded = percentEncode(text);
    assertEquals(/^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(encoded), true, JSON.stringify(encoded));
    assertEquals(percentDecode(encoded), text);
  }
  assertEquals(percentEncode("\ud800"), "%EF%BF%BD");
});
