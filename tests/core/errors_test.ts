import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { BizStatusError, ErrorCode, type Side, TTStreamError } from "../../mod.ts";
import { Description, streamError } from "../../src/ttheader/errors.ts";

const messages: { init: Parameters<typeof streamError>[0]; message: string }[] = [
  {
    init: { code: 12006, description: "transport is closing" },
    message: "[ttstream error, code=12006] transport is closing",
  },
  {
    init: { code: 12005, description: "stream is closed send", side: "client" },
    message: "[ttstream error, code=12005] [client-side stream] stream is closed send",
  },
  {
    init: { code: 12012, description: "d", side: "server" },
    message: "[ttstream error, code=12012] [server-side stream] d",
  },
  {
    init: { code: 12007, description: "d", side: "server", cancelPath: ["ServiceA"] },
    message: "[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] d",
  },
  {
    init: { code: 12007, description: "d", side: "client", cancelPath: ["A", "B", "C"] },
    message: "[ttstream error, code=12007] [client-side stream] [canceled path: A -> B -> C] d",
  },
  {
    init: { code: 12007, description: "d", cancelPath: ["A"] },
    message: "[ttstream error, code=12007] [canceled path: A] d",
  },
  {
    init: { code: 13, description: "rst", side: "client", cancelPath: [] },
    message: "[ttstream error, code=13] [client-side stream] rst",
  },
  { init: { code: -1, description: "" }, message: "[ttstream error, code=-1] " },
];

for (const { init, message } of messages) {
  Deno.test(`a TTStreamError says "${message}"`, () => {
    const error = streamError(init);
    assertEquals(error.message, message);
    assertEquals(error.code, init.code);
    assertEquals(error.description, init.description);
    assertEquals(error.side, init.side);
    assertEquals(error.cancelPath, init.cancelPath ?? []);
    assertEquals(error.name, "TTStreamError");
    assertEquals(String(error), `TTStreamError: ${message}`);
    assertInstanceOf(error, Error);
    assert(error instanceof TTStreamError);
  });
}

const kinds: [code: number, side: Side | undefined, kind: string][] = [
  [ErrorCode.ApplicationException, "client", "application"],
  [ErrorCode.UnexpectedHeader, "client", "protocol"],
  [ErrorCode.IllegalBizError, "client", "protocol"],
  [ErrorCode.IllegalFrame, undefined, "protocol"],
  [ErrorCode.IllegalOperation, "server", "protocol"],
  [ErrorCode.TransportClosing, undefined, "protocol"],
  [ErrorCode.Canceled, "client", "canceled"],
  [ErrorCode.CanceledWithCause, "server", "canceled"],
  [ErrorCode.DownstreamCanceled, "server", "canceled"],
  [ErrorCode.UpstreamCanceled, "server", "canceled"],
  [ErrorCode.InternalCanceled, "server", "canceled"],
  [ErrorCode.HandlerReturned, "server", "canceled"],
  [ErrorCode.ConnectionClosed, undefined, "canceled"],
  [ErrorCode.RecvTimeout, "client", "timeout"],
  [ErrorCode.RecvTimeout, "server", "canceled"],
  [ErrorCode.StreamTimeout, "client", "timeout"],
  [ErrorCode.StreamTimeout, "server", "canceled"],
  [13, "client", "canceled"],
  [12000, "server", "canceled"],
  [12016, "server", "canceled"],
];

for (const [code, side, kind] of kinds) {
  Deno.test(`a TTStreamError with code ${code} of ${side ?? "no"} side is of the kind "${kind}"`, () => {
    assertEquals(streamError({ code, description: "", side }).kind, kind);
  });
}

Deno.test("ErrorCode numbers the fifteen codes as Kitex does, without a gap", () => {
  assertEquals(Object.values(ErrorCode), Array.from({ length: 15 }, (_, i) => 12001 + i));
});

Deno.test("a TTStreamError has the properties side and cause only where they are set", () => {
  const bare = streamError({ code: 12006, description: "", cause: undefined });
  assertEquals(["side" in bare, "cause" in bare], [false, false]);
  const cause = new Error("why");
  const full = streamError({ code: 12006, description: "", side: "client", cause });
  assertEquals(full.side, "client");
  assertStrictEquals(full.cause, cause);
});

Deno.test("a TTStreamError keeps a cause that is falsy but given", () => {
  assertEquals(streamError({ code: 12008, description: "", cause: null }).cause, null);
});

Deno.test("the canceled text is Kitex's, word for word", () => {
  assertEquals(
    Description.canceled,
    "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, " +
      "then invoking cancel() actively",
  );
});

Deno.test("a BizStatusError says its code and message as Kitex does", () => {
  const error = new BizStatusError(404, "biz not found", { model: "x" });
  assertEquals(error.message, "biz error: code=404, msg=biz not found");
  assertEquals([error.name, error.statusCode, error.statusMessage], ["BizStatusError", 404, "biz not found"]);
  assertEquals(error.extra, { model: "x" });
  assertInstanceOf(error, Error);
});

Deno.test("a BizStatusError without extra has no such property", () => {
  assertEquals("extra" in new BizStatusError(1, ""), false);
});

for (const code of [1, -1, 2 ** 31 - 1, -(2 ** 31)]) {
  Deno.test(`a BizStatusError takes the code ${code}`, () => {
    assertEquals(new BizStatusError(code, "m").statusCode, code);
  });
}

for (const code of [0, -0, 0.5, 2 ** 31, -(2 ** 31) - 1, NaN, Infinity]) {
  Deno.test(`a BizStatusError refuses the code ${code}`, () => {
    assertThrows(
      () => new BizStatusError(code, "m"),
      RangeError,
      `statusCode must be an int32 other than 0, got ${code}`,
    );
  });
}
