import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Outcome } from "../src/base/lazy_promise.ts";

Deno.test("Outcome.promise resolves, whether asked for before or after the outcome", async () => {
  const before = new Outcome<number>();
  const { promise } = before;
  before.resolve(1);
  assertEquals(await promise, 1);
  const after = new Outcome<number>();
  after.resolve(2);
  assertEquals(await after.promise, 2);
});

Deno.test("Outcome.promise rejects, whether asked for before or after the outcome", async () => {
  const error = new Error("gone");
  const before = new Outcome<number>();
  const { promise } = before;
  before.reject(error);
  assertStrictEquals(await assertRejects(() => promise), error);
  const after = new Outcome<number>();
  after.reject(error);
  assertStrictEquals(await assertRejects(() => after.promise), error);
});

Deno.test("Outcome.promise is always the same promise", () => {
  const outcome = new Outcome<void>();
  const { promise } = outcome;
  outcome.resolve();
  assertStrictEquals(outcome.promise, promise);
});

Deno.test("Outcome: the first settling wins", async () => {
  const resolved = new Outcome<number>();
  resolved.resolve(1);
  resolved.resolve(2);
  resolved.reject(new Error("late"));
  assertEquals(await resolved.promise, 1);
  const rejected = new Outcome<number>();
  rejected.reject(new Error("first"));
  rejected.resolve(1);
  rejected.reject(new Error("second"));
  await assertRejects(() => rejected.promise, Error, "first");
});

Deno.test("Outcome.settled says whether there is an outcome, undefined included", () => {
  const outcome = new Outcome<void>();
  assertEquals(outcome.settled, false);
  outcome.resolve();
  assertEquals(outcome.settled, true);
  const rejected = new Outcome<void>();
  rejected.reject(undefined);
  assertEquals(rejected.settled, true);
});

Deno.test("Outcome: a rejection with undefined is a rejection", async () => {
  const outcome = new Outcome<void>();
  outcome.reject(undefined);
  assertEquals(await outcome.promise.then(() => "resolved", () => "rejected"), "rejected");
});

Deno.test("Outcome: a rejection that nobody awaits is no unhandled one", async () => {
  const unhandled: unknown[] = [];
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", listener);
  try {
    const asked = new Outcome<void>();
    assertStrictEquals(asked.promise, asked.promise);
    asked.reject(new Error("asked before"));
    const late = new Outcome<void>();
    late.reject(new Error("asked after"));
    assertStrictEquals(late.promise, late.promise);
    // The event comes in the same turn for a promise without a handler, as this one shows.
    Promise.reject("control");
    await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    globalThis.removeEventListener("unhandledrejection", listener);
  }
  assertEquals(unhandled, ["control"]);
});
