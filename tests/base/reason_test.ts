import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Side } from "../../mod.ts";
import { Description, streamError } from "../../src/ttheader/errors.ts";
import { errorFromReason } from "../../src/ttheader/reason.ts";
import { reasonText } from "../../src/base/reason.ts";

class Named extends Error {
  override readonly name = "Named";
}

const unprintable = {
  toString() {
    throw new Error("no text");
  },
};

/** An Error that a careless hand has changed. */
function spoilt(message: unknown): Error {
  return Object.assign(new Error(), { message, name: undefined });
}

const unreadable = Object.defineProperty(new Error(), "message", {
  get() {
    throw new Error("no text");
  },
});

const texts: { name: string; reason: unknown; text: string }[] = [
  { name: "an Error by its message", reason: new Error("boom"), text: "boom" },
  { name: "an Error without a message by its name", reason: new Named(), text: "Named" },
  { name: "a DOMException by its message", reason: new DOMException("gone", "NetworkError"), text: "gone" },
  { name: "a string as it is", reason: "user left", text: "user left" },
  { name: "an empty string as it is", reason: "", text: "" },
  { name: "a number", reason: 42, text: "42" },
  { name: "null", reason: null, text: "null" },
  { name: "undefined", reason: undefined, text: "undefined" },
  { name: "a symbol", reason: Symbol("s"), text: "Symbol(s)" },
  { name: "an object", reason: { a: 1 }, text: "[object Object]" },
  { name: "an object with a text of its own", reason: { toString: () => "mine" }, text: "mine" },
  { name: "an object without a prototype", reason: Object.create(null), text: "[object Object]" },
  { name: "an object whose toString throws", reason: unprintable, text: "[object Object]" },
  { name: "an Error whose message is a number, as its digits", reason: spoilt(42), text: "42" },
  { name: "an Error without message and name", reason: spoilt(undefined), text: "undefined" },
  { name: "an Error whose message cannot be read, as its class", reason: unreadable, text: "[object Error]" },
];

for (const { name, reason, text } of texts) {
  Deno.test(`reasonText prints ${name}`, () => assertEquals(reasonText(reason), text));
}

const abortError = new DOMException("The user aborted", "AbortError");
const timeoutError = new DOMException("Signal timed out", "TimeoutError");
const own = Object.assign(new Error("gone"), { name: "AbortError" });

const rows: { name: string; reason: unknown; code: number; description: string }[] = [
  { name: "an AbortError", reason: abortError, code: 12007, description: Description.canceled },
  { name: "any Error named AbortError", reason: own, code: 12007, description: Description.canceled },
  {
    name: "the default reason of abort()",
    reason: AbortSignal.abort().reason,
    code: 12007,
    description: Description.canceled,
  },
  { name: "a TimeoutError", reason: timeoutError, code: 12015, description: Description.streamTimeout },
  { name: "an Error", reason: new Error("user left"), code: 12008, description: "user left" },
  { name: "a string", reason: "resource closed", code: 12008, description: "resource closed" },
  { name: "null", reason: null, code: 12008, description: "null" },
  {
    name: "an object that only looks like an AbortError",
    reason: { name: "AbortError", toString: () => "fake" },
    code: 12008,
    description: "fake",
  },
];

for (const side of ["client", "server"] satisfies Side[]) {
  for (const { name, reason, code, description } of rows) {
    Deno.test(`errorFromReason makes ${name} the ${side}'s ${code} with the reason as its cause`, () => {
      const error = errorFromReason(reason, { side });
      assertEquals([error.code, error.description, error.side], [code, description, side]);
      assertEquals(error.cancelPath, []);
      assertStrictEquals(error.cause, reason);
    });
  }

  Deno.test(`errorFromReason makes no reason the ${side}'s 12007 without a cause`, () => {
    const error = errorFromReason(undefined, { side });
    assertEquals([error.code, error.description, error.side], [12007, Description.canceled, side]);
    assertEquals("cause" in error, false);
  });

  Deno.test(`errorFromReason hands a stream's end on to the ${side}: code, description and path as they came`, () => {
    const reason = streamError({ code: 12014, description: "late", side: "server", cancelPath: ["A", "B"] });
    const error = errorFromReason(reason, { side });
    assertEquals(
      error.message,
      `[ttstream error, code=12014] [${side}-side stream] [canceled path: A -> B] late`,
    );
    assertStrictEquals(error.cause, reason);
  });
}

Deno.test("errorFromReason hands a stream's end on from inside AbortSignal.any", () => {
  const reason = streamError({ code: 12007, description: "d", side: "server", cancelPath: ["A"] });
  const outer = new AbortController();
  const any = AbortSignal.any([outer.signal, new AbortController().signal]);
  outer.abort(reason);
  assertEquals(errorFromReason(any.reason, { side: "client" }).cancelPath, ["A"]);
});
