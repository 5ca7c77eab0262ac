import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { LazyPromise } from "../../src/base/lazy_promise.ts";

Deno.test("LazyPromise.promise resolves, whether asked for before or after the outcome", async () => {
  const before = new LazyPromise<number>();
  const { promise } = before;
  before.resolve(1);
  assertEquals(await promise, 1);
  const after = new LazyPromise<number>();
  after.resolve(2);
  assertEquals(await after.promise, 2);
});

Deno.test("LazyPromise.promise rejects, whether asked for before or after the outcome", async () => {
  const error = new Error("gone");
  const before = new LazyPromise<number>();
  const { promise } = before;
  before.reject(error);
  assertStrictEquals(await assertRejects(() => promise), error);
  const after = new LazyPromise<number>();
  after.reject(error);
  assertStrictEquals(await assertRejects(() => after.promise), error);
});

Deno.test("LazyPromise.promise is always the same promise", () => {
  const outcome = new LazyPromise<void>();
  const { promise } = outcome;
  outcome.resolve();
  assertStrictEquals(outcome.promise, promise);
});

Deno.test("LazyPromise: the first settling wins", async () => {
  const resolved = new LazyPromise<number>();
  resolved.resolve(1);
  resolved.resolve(2);
  resolved.reject(new Error("late"));
  assertEquals(await resolved.promise, 1);
  const rejected = new LazyPromise<number>();
  rejected.reject(new Error("first"));
  rejected.resolve(1);
  rejected.reject(new Error("second"));
  await assertRejects(() => rejected.promise, Error, "first");
});

Deno.test("LazyPromise: a rejection with undefined is a rejection", async () => {
  const outcome = new LazyPromise<void>();
  outcome.reject(undefined);
  assertEquals(await outcome.promise.then(() => "resolved", () => "rejected"), "rejected");
});

Deno.test("LazyPromise: a rejection that nobody awaits is no unhandled one", async () => {
  const unhandled: unknown[] = [];
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", listener);
  try {
    const asked = new LazyPromise<void>();
    assertStrictEquals(asked.promise, asked.promise);
    asked.reject(new Error("asked before"));
    const late = new LazyPromise<void>();
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
