/**
 * What this project needs of `@std/assert` and `@std/bytes`. Run without a network it tests the stand-ins of
 * `tools/offline/`, else the real packages: both have to behave as written here.
 *
 * The verdict of a row is taken with a plain `throw`, since an assertion cannot vouch for itself.
 */
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";
import { assertEquals as assertEqualsOfSubPath } from "@std/assert/equals";
import { AssertionError as AssertionErrorOfSubPath } from "@std/assert/assertion-error";
import { assertRejects as assertRejectsOfSubPath } from "@std/assert/rejects";
import {
  concat,
  copy,
  endsWith,
  equals,
  includesNeedle,
  indexOfNeedle,
  lastIndexOfNeedle,
  repeat,
  startsWith,
} from "@std/bytes";
import { concat as concatOfSubPath } from "@std/bytes/concat";
import { indexOfNeedle as indexOfNeedleOfSubPath } from "@std/bytes/index-of-needle";

const bytes = (...values: number[]) => new Uint8Array(values);

/** What `run` threw; nothing thrown is a failure of the test. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("Expected an assertion to fail, and it passed");
}

/** The message of the AssertionError that `run` has to throw. */
function failureOf(run: () => unknown): string {
  const error = thrownBy(run);
  if (error instanceof AssertionError && error.name === "AssertionError") return error.message;
  throw new Error("Expected an AssertionError", { cause: error });
}

/** The message of the AssertionError that `run` has to reject with. */
async function rejectionOf(run: () => Promise<unknown>): Promise<string> {
  const error = await run().then(() => undefined, (error: unknown) => error);
  if (error instanceof AssertionError) return error.message;
  throw new Error("Expected a rejection with an AssertionError", { cause: error });
}

class Point {
  constructor(readonly x: number) {}
}
class OtherPoint {
  constructor(readonly x: number) {}
}
class Celsius {
  readonly #degrees: number;
  constructor(degrees: number) {
    this.#degrees = degrees;
  }
  get degrees(): number {
    return this.#degrees;
  }
}

/** An object that holds itself. */
function ring(label: string): object {
  const object: Record<string, unknown> = { label };
  object["self"] = object;
  return object;
}

const sharedFunction = () => 1;
const twoErrors = ["same", "same"].map((message) => new Error(message));

const equalRows: readonly [what: string, a: unknown, b: unknown, same: boolean][] = [
  ["numbers", 1, 1, true],
  ["other numbers", 1, 2, false],
  ["0 and -0", 0, -0, true],
  ["NaN and NaN", NaN, NaN, true],
  ["a number and its text", 1, "1", false],
  ["null and undefined", null, undefined, false],
  ["null and an object", null, {}, false],
  ["bigints", 5n, 5n, true],
  ["a bigint and a number", 5n, 5, false],
  ["nested objects", { a: [1, { b: "x" }] }, { a: [1, { b: "x" }] }, true],
  ["nested objects with another leaf", { a: [1, { b: "x" }] }, { a: [1, { b: "y" }] }, false],
  ["keys in another order", { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ["one key more", { a: 1 }, { a: 1, b: 2 }, false],
  ["a key with undefined and none", { a: undefined }, {}, false],
  ["two keys with undefined", { a: undefined }, { b: undefined }, false],
  ["a hole and undefined", [undefined], Array(1), false],
  ["arrays of other lengths", [1, 2], [1, 2, 3], false],
  ["arrays in another order", [1, 2], [2, 1], false],
  ["symbol keys with other values", { [Symbol.for("k")]: 1 }, { [Symbol.for("k")]: 2 }, false],
  ["an object without a prototype and a plain one", Object.create(null), {}, true],
  ["the same class", new Point(1), new Point(1), true],
  ["the same class, another field", new Point(1), new Point(2), false],
  ["another class", new Point(1), new OtherPoint(1), false],
  ["a class and a plain object", new Point(1), { x: 1 }, false],
  ["accessors of equal values", new Celsius(20), new Celsius(20), true],
  ["accessors of other values", new Celsius(20), new Celsius(21), false],
  ["one function", sharedFunction, sharedFunction, true],
  ["two functions of the same text", () => 1, () => 1, false],
  ["dates", new Date(7), new Date(7), true],
  ["other dates", new Date(7), new Date(8), false],
  ["two invalid dates", new Date(NaN), new Date(NaN), true],
  ["regular expressions", /a/g, /a/g, true],
  ["regular expressions with other flags", /a/, /a/g, false],
  ["URLs", new URL("http://a"), new URL("http://a/"), true],
  ["other URLs", new URL("http://a"), new URL("http://b"), false],
  ["errors of the same text and place", twoErrors[0], twoErrors[1], true],
  ["errors of other texts", new Error("one"), new Error("two"), false],
  ["typed arrays", bytes(1, 2), bytes(1, 2), true],
  ["other typed arrays", bytes(1, 2), bytes(1, 3), false],
  ["typed arrays of other lengths", bytes(1, 2), bytes(1, 2, 3), false],
  ["typed arrays of other types", bytes(1), Int8Array.of(1), false],
  ["a typed array and an array", bytes(1), [1], false],
  ["parts of other buffers", bytes(1, 2, 3).subarray(1), bytes(2, 3), true],
  ["buffers", bytes(1).buffer, bytes(1).buffer, true],
  ["other buffers", bytes(1).buffer, bytes(2).buffer, false],
  ["maps", new Map([["a", { b: 1 }]]), new Map([["a", { b: 1 }]]), true],
  ["maps in another order", new Map([["a", 1], ["b", 2]]), new Map([["b", 2], ["a", 1]]), true],
  ["maps with another value", new Map([["a", { b: 1 }]]), new Map([["a", { b: 2 }]]), false],
  ["maps with another key", new Map([["a", 1]]), new Map([["b", 1]]), false],
  ["maps with objects as keys", new Map([[{ k: 1 }, 1]]), new Map([[{ k: 1 }, 1]]), true],
  ["a map and a set", new Map(), new Set(), false],
  ["sets", new Set([1, 2]), new Set([2, 1]), true],
  ["other sets", new Set([1, 2]), new Set([1, 3]), false],
  ["sets of objects", new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }]), true],
  ["sets of other objects", new Set([{ a: 1 }]), new Set([{ a: 2 }]), false],
  ["rings", ring("a"), ring("a"), true],
  ["other rings", ring("a"), ring("b"), false],
];

for (const [what, a, b, same] of equalRows) {
  Deno.test(`assertEquals ${same ? "passes" : "fails"} for ${what}, assertNotEquals the other way`, () => {
    for (const [left, right] of [[a, b], [b, a]]) {
      if (equal(left, right) !== same) throw new Error(`equal() should have said ${same}`);
      if (same) {
        assertEquals(left, right);
        failureOf(() => assertNotEquals(left, right));
      } else {
        assertNotEquals(left, right);
        failureOf(() => assertEquals(left, right));
      }
    }
  });
}

Deno.test("equal refuses to compare what it cannot look into", () => {
  assertThrows(() => equal(new WeakMap(), new WeakMap()), TypeError);
  assertThrows(() => equal(new WeakSet(), new WeakSet()), TypeError);
});

Deno.test("a failed assertEquals shows both values and the caller's message", () => {
  const message = failureOf(() => assertEquals({ left: 11, shared: 1 }, { left: 22, shared: 1 }, "my words"));
  assertStringIncludes(message, "my words");
  assertMatch(message, /^-.*11/m);
  assertMatch(message, /^\+.*22/m);
  assertMatch(message, /^ .*shared/m);
});

Deno.test("a failed assertEquals of texts shows the lines that differ", () => {
  const message = failureOf(() => assertEquals("one\ntwo\nthree", "one\n2\nthree"));
  assertMatch(message, /^-.*two/m);
  assertMatch(message, /^\+.*2/m);
  assertMatch(message, /^ .*three/m);
});

Deno.test("assertStrictEquals passes for one object and fails for its equal", () => {
  const object = {};
  assertStrictEquals(object, object);
  assertStrictEquals(NaN, NaN);
  failureOf(() => assertStrictEquals({}, {}));
  failureOf(() => assertStrictEquals(0, -0));
  assertMatch(failureOf(() => assertStrictEquals("abc", "abd", "my words")), /my words[^]*abc[^]*abd/);
  assertNotStrictEquals({}, {});
  assertNotStrictEquals(0, -0);
  failureOf(() => assertNotStrictEquals(object, object));
});

Deno.test("assert, assertFalse and assertExists look at a value's truth and presence", () => {
  assert("x");
  assertFalse(0);
  assertFalse("");
  assertExists(0);
  assertExists("");
  assertStrictEquals(failureOf(() => assert(0, "my words")), "my words");
  assertStrictEquals(failureOf(() => assert(null)), "");
  assertStrictEquals(failureOf(() => assertFalse(1, "my words")), "my words");
  assertMatch(failureOf(() => assertExists(null, "my words")), /null[^]*my words/);
  failureOf(() => assertExists(undefined));
});

Deno.test("the assertions narrow the type of what they have looked at", () => {
  const text: string | undefined = ["text"].at(0);
  assert(text !== undefined);
  assertStrictEquals(text.length, 4);
  const present: string | null | undefined = ["text"].at(0);
  assertExists(present);
  assertStrictEquals(present.length, 4);
  const value: unknown = new RangeError("x");
  assertInstanceOf(value, RangeError);
  assertStrictEquals(value.message, "x");
  const error: unknown = new RangeError("x");
  assertIsError(error);
  assertStrictEquals(error.message, "x");
  const either: Point | Date = [new Point(1), new Date()].at(0) ?? new Date();
  assertNotInstanceOf(either, Date);
  assertStrictEquals(either.x, 1);
});

Deno.test("the comparisons stand for their operators", () => {
  assertGreater(2, 1);
  assertGreaterOrEqual(2n, 2n);
  assertLess("a", "b");
  assertLessOrEqual(1, 1);
  assertMatch(failureOf(() => assertGreater(1, 1)), /1 > 1/);
  assertMatch(failureOf(() => assertGreaterOrEqual(1, 2)), /1 >= 2/);
  assertMatch(failureOf(() => assertLess(2, 2)), /2 < 2/);
  assertMatch(failureOf(() => assertLessOrEqual(3, 2)), /3 <= 2/);
  failureOf(() => assertLess(NaN, 1));
  assertStrictEquals(failureOf(() => assertLess(2, 1, "my words")), "my words");
});

Deno.test("assertAlmostEquals takes a tolerance, by default a ten-millionth", () => {
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(10, 11, 1);
  assertAlmostEquals(Infinity, Infinity);
  assertAlmostEquals(NaN, NaN);
  failureOf(() => assertAlmostEquals(1, 1.000001));
  failureOf(() => assertAlmostEquals(10, 11.5, 1));
  failureOf(() => assertAlmostEquals(NaN, 1));
});

Deno.test("assertArrayIncludes looks for each element, deeply", () => {
  assertArrayIncludes([1, { a: 1 }, 3], [{ a: 1 }, 1]);
  assertArrayIncludes(bytes(1, 2, 3), [3]);
  assertArrayIncludes([NaN], [NaN]);
  assertMatch(failureOf(() => assertArrayIncludes([1, 2], [2, 77])), /missing[^]*77/);
});

Deno.test("assertMatch, assertNotMatch and assertStringIncludes show text and pattern", () => {
  assertMatch("abc", /b/);
  assertNotMatch("abc", /x/);
  assertStringIncludes("abc", "bc");
  assertMatch(failureOf(() => assertMatch("abc", /xyz/, "my words")), /abc[^]*xyz[^]*my words/);
  assertMatch(failureOf(() => assertNotMatch("abc", /b/)), /abc[^]*\/b\//);
  assertMatch(failureOf(() => assertStringIncludes("abc", "xyz")), /abc[^]*xyz/);
});

Deno.test("assertInstanceOf names both classes", () => {
  assertInstanceOf(new RangeError(), Error);
  assertNotInstanceOf({}, Date);
  assertMatch(failureOf(() => assertInstanceOf(new Point(1), Date)), /Date[^]*Point/);
  assertMatch(failureOf(() => assertInstanceOf(null, Date)), /Date[^]*null/);
  assertMatch(failureOf(() => assertInstanceOf("text", Date)), /Date[^]*string/);
  failureOf(() => assertNotInstanceOf(new Date(), Date));
});

Deno.test("assertIsError looks at the class and at the message", () => {
  const error = new RangeError("the value 7 is too large");
  assertIsError(error);
  assertIsError(error, RangeError, "value 7");
  assertIsError(error, Error, /7 .* large$/);
  assertIsError(new Error("\u001b[31mred\u001b[39m text"), Error, "red text");
  failureOf(() => assertIsError("text"));
  assertMatch(failureOf(() => assertIsError(error, TypeError)), /TypeError[^]*RangeError/);
  assertMatch(failureOf(() => assertIsError(error, RangeError, "value 8")), /value 8[^]*value 7/);
  failureOf(() => assertIsError(error, RangeError, /small/));
});

Deno.test("assertObjectMatch looks only at what is expected", () => {
  assertObjectMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } });
  assertObjectMatch({ list: [1, { a: 1, b: 2 }, 3] }, { list: [1, { a: 1 }] });
  assertObjectMatch({ map: new Map([["a", 1], ["b", 2]]) }, { map: new Map([["a", 1]]) });
  assertObjectMatch({ set: new Set([1, 2]) }, { set: new Set([1]) });
  assertObjectMatch({ point: new Point(1) }, { point: { x: 1 } });
  assertObjectMatch(new RangeError("text"), { message: "text" });
  assertObjectMatch(ring("a"), { label: "a" });
  failureOf(() => assertObjectMatch({ a: 1 }, { a: 2 }));
  failureOf(() => assertObjectMatch({ a: 1 }, { a: 1, b: undefined }));
  failureOf(() => assertObjectMatch({ a: { b: 1 } }, { a: { c: 1 } }));
  failureOf(() => assertObjectMatch({ list: [1] }, { list: [1, 2] }));
  failureOf(() => assertObjectMatch({ a: null }, { a: {} }));
  failureOf(() => assertObjectMatch({ when: new Date(1) }, { when: new Date(2) }));
  failureOf(() => assertObjectMatch({ set: new Set([1]) }, { set: new Set([1, 2]) }));
  assertStringIncludes(failureOf(() => assertObjectMatch({ a: 1 }, { a: 2 }, "my words")), "my words");
});

Deno.test("assertThrows returns the error it asked for", () => {
  const error = new RangeError("the value 7");
  const raise = () => {
    throw error;
  };
  const returned: RangeError = assertThrows(raise, RangeError, "value 7");
  assertStrictEquals(returned, error);
  assertStrictEquals(assertThrows(raise), error);
  assertStrictEquals(assertThrows(raise, "my words"), error);
  assertStrictEquals(
    assertThrows(() => {
      throw "no error";
    }),
    "no error",
  );
});

Deno.test("assertThrows fails where nothing, or something else, is thrown", () => {
  const raise = (value: unknown) => () => {
    throw value;
  };
  assertStringIncludes(failureOf(() => assertThrows(() => {}, "my words")), "my words");
  failureOf(() => assertThrows(() => {}, Error));
  assertMatch(failureOf(() => assertThrows(raise(new Error("x")), TypeError)), /TypeError/);
  assertMatch(failureOf(() => assertThrows(raise(new Error("x")), Error, "xyz")), /xyz/);
  failureOf(() => assertThrows(raise("no error"), Error));
});

Deno.test("assertRejects resolves to the error it asked for", async () => {
  const error = new RangeError("the value 7");
  const returned: RangeError = await assertRejects(() => Promise.reject(error), RangeError, "value 7");
  assertStrictEquals(returned, error);
  assertStrictEquals(await assertRejects(() => Promise.reject(error)), error);
  assertStrictEquals(await assertRejects(() => Promise.reject(7), "my words"), 7);
});

Deno.test("assertRejects fails where the promise resolves, rejects otherwise, or never comes", async () => {
  assertStringIncludes(
    await rejectionOf(() => assertRejects(() => Promise.resolve(), "my words")),
    "my words",
  );
  await rejectionOf(() => assertRejects(() => Promise.resolve(), Error));
  assertMatch(
    await rejectionOf(() => assertRejects(() => Promise.reject(new Error("x")), TypeError)),
    /TypeError/,
  );
  assertMatch(
    await rejectionOf(() => assertRejects(() => Promise.reject(new Error("x")), Error, "xyz")),
    /xyz/,
  );
  await rejectionOf(() => assertRejects(() => Promise.reject("no error"), Error));
  await rejectionOf(() =>
    assertRejects(() => {
      throw new Error("at once");
    })
  );
});

Deno.test("fail, unimplemented and unreachable fail with the caller's message", () => {
  for (const run of [fail, unimplemented, unreachable]) {
    assertStringIncludes(failureOf(() => run("my words")), "my words");
    assertNotEquals(failureOf(() => run()), "");
  }
});

Deno.test("AssertionError keeps message and cause", () => {
  const error = new AssertionError("text", { cause: 7 });
  assertInstanceOf(error, Error);
  assertEquals([error.name, error.message, error.cause], ["AssertionError", "text", 7]);
});

Deno.test("the sub-paths export what the packages do", () => {
  assertStrictEquals(assertEqualsOfSubPath, assertEquals);
  assertStrictEquals(AssertionErrorOfSubPath, AssertionError);
  assertStrictEquals(assertRejectsOfSubPath, assertRejects);
  assertStrictEquals(concatOfSubPath, concat);
  assertStrictEquals(indexOfNeedleOfSubPath, indexOfNeedle);
});

Deno.test("concat joins in order, into memory of its own", () => {
  const first = bytes(1, 2);
  const joined: Uint8Array<ArrayBuffer> = concat([first, bytes(), bytes(3)]);
  assertEquals(joined, bytes(1, 2, 3));
  assertEquals(concat([]), bytes());
  const copied = concat([first]);
  first[0] = 9;
  assertEquals(copied, bytes(1, 2));
});

Deno.test("copy writes what fits from the offset on, and says how much", () => {
  const rows: readonly [offset: number | undefined, count: number, after: Uint8Array][] = [
    [undefined, 2, bytes(1, 2)],
    [1, 1, bytes(0, 1)],
    [2, 0, bytes(0, 0)],
    [9, 0, bytes(0, 0)],
    [-9, 2, bytes(1, 2)],
  ];
  for (const [offset, count, after] of rows) {
    const target = bytes(0, 0);
    assertStrictEquals(copy(bytes(1, 2, 3), target, offset), count);
    assertEquals(target, after);
  }
});

Deno.test("equals, startsWith and endsWith compare bytes", () => {
  const long = new Uint8Array(1000).map((_, i) => i);
  assert(equals(long, long.slice()));
  assertFalse(equals(long, long.with(999, 0)));
  assertFalse(equals(bytes(1), bytes(1, 2)));
  assert(startsWith(bytes(1, 2, 3), bytes(1, 2)));
  assert(startsWith(bytes(1), bytes()));
  assertFalse(startsWith(bytes(1, 2), bytes(2)));
  assertFalse(startsWith(bytes(1), bytes(1, 2)));
  assert(endsWith(bytes(1, 2, 3), bytes(2, 3)));
  assert(endsWith(bytes(1), bytes()));
  assertFalse(endsWith(bytes(1, 2), bytes(1)));
  assertFalse(endsWith(bytes(2), bytes(1, 2)));
});

Deno.test("indexOfNeedle finds the first needle from the start on", () => {
  const source = bytes(0, 1, 2, 1, 2, 1, 2, 3);
  assertStrictEquals(indexOfNeedle(source, bytes(1, 2)), 1);
  assertStrictEquals(indexOfNeedle(source, bytes(1, 2), 2), 3);
  assertStrictEquals(indexOfNeedle(source, bytes(1, 2), -3), 5);
  assertStrictEquals(indexOfNeedle(source, bytes(1, 2), -99), 1);
  assertStrictEquals(indexOfNeedle(source, bytes(1, 2), 6), -1);
  assertStrictEquals(indexOfNeedle(source, bytes(3, 0)), -1);
  assertStrictEquals(indexOfNeedle(source, bytes()), -1);
  assertStrictEquals(indexOfNeedle(bytes(1, 1, 1, 2), bytes(1, 1, 2)), 1);
  assert(includesNeedle(source, bytes(2, 3)));
  assertFalse(includesNeedle(source, bytes(1, 2), 6));
});

Deno.test("lastIndexOfNeedle finds the last needle that ends at the start or before", () => {
  const source = bytes(0, 1, 2, 1, 2, 1, 2, 3);
  assertStrictEquals(lastIndexOfNeedle(source, bytes(1, 2)), 5);
  assertStrictEquals(lastIndexOfNeedle(source, bytes(1, 2), 2), 1);
  assertStrictEquals(lastIndexOfNeedle(source, bytes(1, 2), 1), -1);
  assertStrictEquals(lastIndexOfNeedle(source, bytes(1, 2), 99), 5);
  assertStrictEquals(lastIndexOfNeedle(source, bytes(1, 2), -1), -1);
  assertStrictEquals(lastIndexOfNeedle(source, bytes()), -1);
});

Deno.test("repeat takes a count of at least 0", () => {
  assertEquals(repeat(bytes(1, 2), 3), bytes(1, 2, 1, 2, 1, 2));
  assertEquals(repeat(bytes(1, 2), 0), bytes());
  assertEquals(repeat(bytes(), 3), bytes());
  assertThrows(() => repeat(bytes(1), -1), RangeError);
  assertThrows(() => repeat(bytes(1), 1.5), RangeError);
});
