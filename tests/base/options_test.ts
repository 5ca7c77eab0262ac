import { assertEquals, assertThrows } from "@std/assert";
import { abortSignal, nonEmptyString, positiveInteger, positiveMs } from "../../src/base/options.ts";

for (const value of [1, 65_536, Number.MAX_SAFE_INTEGER]) {
  Deno.test(`positiveInteger takes ${value}`, () => assertEquals(positiveInteger("limit", value, 7), value));
}

for (const value of [0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 53]) {
  Deno.test(`positiveInteger refuses ${value} by name`, () => {
    assertThrows(
      () => positiveInteger("limit", value, 7),
      RangeError,
      `limit must be a positive integer, got ${value}`,
    );
  });
}

for (const value of [0.001, 1, 1.5, 1e12]) {
  Deno.test(`positiveMs takes ${value}`, () => assertEquals(positiveMs("timeoutMs", value, 7), value));
}

for (const value of [0, -0.5, NaN, Infinity, -Infinity]) {
  Deno.test(`positiveMs refuses ${value} by name`, () => {
    assertThrows(
      () => positiveMs("timeoutMs", value, 7),
      RangeError,
      `timeoutMs must be a positive finite number of milliseconds, got ${value}`,
    );
  });
}

Deno.test("positiveInteger and positiveMs fall back where nothing was given", () => {
  assertEquals([positiveInteger("limit", undefined, 7), positiveMs("timeoutMs", undefined, 0)], [7, 0]);
});

Deno.test("nonEmptyString takes any text but none", () => {
  assertEquals(nonEmptyString("service", " "), " ");
  assertThrows(() => nonEmptyString("service", ""), TypeError, "service must not be empty");
});

for (const value of [undefined, null, 5, Symbol("s")]) {
  Deno.test(`nonEmptyString refuses ${String(value)} by name`, () => {
    assertThrows(
      () => nonEmptyString("service", value),
      TypeError,
      `service must be a string, got ${String(value)}`,
    );
  });
}

Deno.test("abortSignal takes a signal, aborted or not", () => {
  const signals = [new AbortController().signal, AbortSignal.abort()];
  for (const signal of signals) assertEquals(abortSignal("signal", signal), signal);
});

for (const value of [new AbortController(), undefined, null]) {
  Deno.test(`abortSignal refuses ${String(value)} by name`, () => {
    assertThrows(
      () => abortSignal("signal", value),
      TypeError,
      `signal must be an AbortSignal, got ${String(value)}`,
    );
  });
}
