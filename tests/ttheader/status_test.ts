import { assertEquals, assertInstanceOf } from "@std/assert";
import { BizStatusError, type Side, TTStreamError } from "../../mod.ts";
import { type Frame, FrameType, NO_PAYLOAD } from "../../src/ttheader/frame.ts";
import { bizStatusMetadata, errorOfRst, errorOfTrailer } from "../../src/ttheader/status.ts";
import { fromHex } from "../support/hex.ts";
import { exceptionPayload } from "../support/wire_peer.ts";

function frame(type: FrameType, metadata: Record<string, string>, payload = NO_PAYLOAD): Frame {
  return { type, streamId: 1, method: "Echo", metadata: new Map(Object.entries(metadata)), payload };
}

const rsts: { name: string; metadata: Record<string, string>; payload: Frame["payload"]; text: string }[] = [
  {
    name: "with a path of one",
    metadata: { ttscp: "ServiceA" },
    payload: exceptionPayload({ type: 12007, message: "why" }),
    text: "[canceled path: ServiceA] why",
  },
  {
    name: "with a path of three",
    metadata: { ttscp: "A,B,C" },
    payload: exceptionPayload({ type: 12007, message: "why" }),
    text: "[canceled path: A -> B -> C] why",
  },
  {
    name: "without a path",
    metadata: {},
    payload: exceptionPayload({ type: 12007, message: "why" }),
    text: "why",
  },
  {
    name: "with an empty path",
    metadata: { ttscp: "" },
    payload: exceptionPayload({ type: 12007, message: "why" }),
    text: "why",
  },
  {
    name: "with a foreign origin in its path",
    metadata: { ttscp: "non-ttstream path,A" },
    payload: exceptionPayload({ type: 12007, message: "why" }),
    text: "[canceled path: non-ttstream path -> A] why",
  },
];

for (const side of ["client", "server"] satisfies Side[]) {
  for (const { name, metadata, payload, text } of rsts) {
    Deno.test(`a Rst ${name} reads at the ${side} as code, side, path and description`, () => {
      const error = errorOfRst(frame(FrameType.Rst, metadata, payload), { side });
      assertEquals(error.message, `[ttstream error, code=12007] [${side}-side stream] ${text}`);
    });
  }

  for (const code of [99, 0, -5, 12001, 12006, 12014]) {
    Deno.test(`a Rst with the code ${code} keeps it at the ${side}`, () => {
      const payload = exceptionPayload({ type: code, message: "m" });
      const error = errorOfRst(frame(FrameType.Rst, {}, payload), { side });
      assertEquals([error.code, error.description, error.kind], [code, "m", "canceled"]);
    });
  }

  for (
    const [name, payload] of [["no payload", NO_PAYLOAD], [
      "a payload that is none",
      fromHex("0102030405"),
    ]] as const
  ) {
    Deno.test(`a Rst with ${name} reads as code 13 at the ${side}, its path kept`, () => {
      const error = errorOfRst(frame(FrameType.Rst, { ttscp: "A" }, payload), { side });
      assertEquals(error.message, `[ttstream error, code=13] [${side}-side stream] [canceled path: A] rst`);
      assertInstanceOf(error.cause, RangeError);
    });
  }

  Deno.test(`a Trailer with an exception reads as 12001 with its text at the ${side}, whatever its type`, () => {
    for (const type of [0, 1, 6, 20, 12007]) {
      const payload = exceptionPayload({ type, message: "biz error: boom" });
      const error = errorOfTrailer(frame(FrameType.Trailer, {}, payload), { side });
      assertInstanceOf(error, Error);
      assertEquals(error.message, `[ttstream error, code=12001] [${side}-side stream] biz error: boom`);
    }
  });

  Deno.test(`a Trailer with a payload that is no exception reads as 12004 with side at the ${side}`, () => {
    const error = errorOfTrailer(frame(FrameType.Trailer, {}, fromHex("00010203")), { side });
    assertInstanceOf(error, Error);
    assertEquals(
      error.message,
      `[ttstream error, code=12004] [${side}-side stream] ReadMessageBegin: bad version`,
    );
    assertInstanceOf(error.cause, RangeError);
  });
}

Deno.test("a Trailer's exception comes before its business status", () => {
  const payload = exceptionPayload({ type: 6, message: "boom" });
  const error = errorOfTrailer(frame(FrameType.Trailer, { "biz-status": "404" }, payload), {
    side: "client",
  });
  assertEquals(error instanceof TTStreamError && error.code, 12001);
});

for (
  const status of [
    undefined,
    "0",
    "-0",
    "00",
    "",
    " ",
    "x",
    "1x",
    "1.5",
    "0x10",
    "1e3",
    "2147483648",
    "-2147483649",
  ]
) {
  Deno.test(`a Trailer with the business status ${JSON.stringify(status)} is no error`, () => {
    const metadata: Record<string, string> = status === undefined ? {} : { "biz-status": status };
    assertEquals(
      errorOfTrailer(frame(FrameType.Trailer, { ...metadata, "biz-message": "m" }), { side: "client" }),
      undefined,
    );
  });
}

for (
  const [status, code] of [["404", 404], ["-1", -1], ["+7", 7], ["007", 7], [
    "2147483647",
    2147483647,
  ]] as const
) {
  Deno.test(`a Trailer with the business status "${status}" is the business error ${code}`, () => {
    const error = errorOfTrailer(
      frame(FrameType.Trailer, { "biz-status": status, "biz-message": "no" }),
      { side: "client" },
    );
    assertInstanceOf(error, BizStatusError);
    assertEquals([error.statusCode, error.statusMessage, error.extra], [code, "no", undefined]);
  });
}

const extras: { json: string; extra?: Record<string, string> }[] = [
  { json: '{"k":"v","ä":"🙂"}', extra: { k: "v", "ä": "🙂" } },
  { json: "{}", extra: {} },
  { json: '{"__proto__":"p"}', extra: Object.fromEntries([["__proto__", "p"]]) },
];

for (const { json, extra } of extras) {
  Deno.test(`a business error's extra ${json} is read`, () => {
    const error = errorOfTrailer(
      frame(FrameType.Trailer, { "biz-status": "1", "biz-extra": json }),
      { side: "client" },
    );
    assertInstanceOf(error, BizStatusError);
    assertEquals(Object.entries(error.extra ?? {}), Object.entries(extra ?? {}));
    assertEquals(error.statusMessage, "");
  });
}

Deno.test("a business error with an empty extra has none", () => {
  const error = errorOfTrailer(frame(FrameType.Trailer, { "biz-status": "1", "biz-extra": "" }), {
    side: "client",
  });
  assertInstanceOf(error, BizStatusError);
  assertEquals("extra" in error, false);
});

for (const json of ["{", "null", "[]", '["a"]', "5", '"text"', '{"k":1}', '{"k":null}', '{"k":{"a":"b"}}']) {
  Deno.test(`a business error whose extra is ${json} reads as 12003`, () => {
    const error = errorOfTrailer(
      frame(FrameType.Trailer, { "biz-status": "1", "biz-extra": json }),
      { side: "client" },
    );
    assertInstanceOf(error, Error);
    assertEquals(
      error.message,
      `[ttstream error, code=12003] [client-side stream] malformed header info, extra: ${json}`,
    );
  });
}

Deno.test("bizStatusMetadata says what errorOfTrailer reads back", () => {
  for (const sent of [new BizStatusError(404, "no", { a: "b" }), new BizStatusError(-1, "")]) {
    const trailer = { ...frame(FrameType.Trailer, {}), metadata: bizStatusMetadata(sent) };
    const read = errorOfTrailer(trailer, { side: "client" });
    assertInstanceOf(read, BizStatusError);
    assertEquals([read.statusCode, read.statusMessage, read.extra], [
      sent.statusCode,
      sent.statusMessage,
      sent.extra,
    ]);
  }
});

Deno.test("bizStatusMetadata writes Kitex's keys, and no extra where there is none", () => {
  assertEquals(
    [...bizStatusMetadata(new BizStatusError(404, "no", { a: "b" }))],
    [["biz-status", "404"], ["biz-message", "no"], ["biz-extra", '{"a":"b"}']],
  );
  assertEquals(bizStatusMetadata(new BizStatusError(404, "no")).has("biz-extra"), false);
});
