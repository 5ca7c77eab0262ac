import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import type { Bytes } from "../mod.ts";
import { Inbox } from "../src/core/receive_queue.ts";

const OVERHEAD = 64;

class Account {
  bytes = 0;
  charge(bytes: number): void {
    this.bytes += bytes;
  }
}

function message(size: number, fill = 0): Bytes {
  return new Uint8Array(size).fill(fill);
}

/** What is waiting, taken in order. */
function drain(inbox: Inbox): number[] {
  const first: number[] = [];
  for (let payload = inbox.peek(); payload !== undefined; payload = inbox.peek()) {
    first.push(payload[0] ?? -1);
    inbox.shift();
  }
  return first;
}

Deno.test("Inbox hands messages out in the order in which they came", () => {
  const inbox = new Inbox(new Account());
  for (let i = 0; i < 5; i++) inbox.push(message(1, i));
  assertEquals(inbox.size, 5);
  assertEquals(drain(inbox), [0, 1, 2, 3, 4]);
  assertEquals([inbox.size, inbox.ready, inbox.peek()], [0, false, undefined]);
});

Deno.test("Inbox keeps the order over thousands of messages that are pushed and read in turn", () => {
  const account = new Account();
  const inbox = new Inbox(account);
  let read = 0;
  for (let i = 0; i < 10_000; i++) {
    inbox.push(message(1, i % 251));
    if (i % 3 === 0) continue;
    assertEquals(inbox.peek()?.[0], read % 251);
    inbox.shift();
    read++;
  }
  assertEquals(inbox.size, 10_000 - read);
  assertEquals(account.bytes, inbox.size * (1 + OVERHEAD));
  assertEquals(drain(inbox).length, 10_000 - read);
  assertEquals(account.bytes, 0);
});

Deno.test("Inbox charges a message's bytes and a fixed cost, so that empty ones count too", () => {
  const account = new Account();
  const inbox = new Inbox(account);
  inbox.push(message(100));
  inbox.push(message(0));
  assertEquals(account.bytes, 100 + 2 * OVERHEAD);
  inbox.shift();
  assertEquals(account.bytes, OVERHEAD);
  inbox.shift();
  inbox.shift();
  assertEquals(account.bytes, 0);
});

Deno.test("Inbox.finish: the end shows behind what is waiting, and what comes later is dropped", () => {
  const account = new Account();
  const inbox = new Inbox(account);
  inbox.push(message(1, 1));
  inbox.finish({});
  inbox.push(message(1, 2));
  assertEquals([inbox.size, inbox.end, inbox.broken], [1, undefined, false]);
  assertEquals(drain(inbox), [1]);
  assertEquals([inbox.ready, inbox.end], [true, {}]);
  assertEquals(account.bytes, 0);
});

Deno.test("Inbox.finish: the first end wins", () => {
  const inbox = new Inbox(new Account());
  const error = new Error("first");
  inbox.finish({ error });
  inbox.finish({});
  assertStrictEquals(inbox.end?.error, error);
});

Deno.test("Inbox.break drops what is waiting, gives its bytes back and shows its error at once", () => {
  const account = new Account();
  const inbox = new Inbox(account);
  const error = new Error("broken");
  inbox.push(message(10));
  inbox.push(message(10));
  inbox.shift();
  inbox.break(error);
  assertEquals([inbox.size, inbox.broken, account.bytes], [0, true, 0]);
  assertStrictEquals(inbox.end?.error, error);
  inbox.push(message(10));
  assertEquals([inbox.size, account.bytes], [0, 0]);
});

Deno.test("Inbox.break overrides a finish that has not been read; of two breaks the first wins", () => {
  const inbox = new Inbox(new Account());
  const error = new Error("first break");
  inbox.push(message(1));
  inbox.finish({});
  inbox.break(error);
  inbox.break(new Error("second break"));
  inbox.finish({});
  assertStrictEquals(inbox.end?.error, error);
});

Deno.test("Inbox.break with undefined is an end with an error", () => {
  const inbox = new Inbox(new Account());
  inbox.break(undefined);
  assertEquals([inbox.broken, inbox.end !== undefined && "error" in inbox.end], [true, true]);
});

Deno.test("Inbox.discard drops what is waiting and what still comes, and the end still shows", () => {
  const account = new Account();
  const inbox = new Inbox(account);
  inbox.push(message(10));
  inbox.discard();
  inbox.push(message(10));
  assertEquals([inbox.size, inbox.ready, account.bytes], [0, false, 0]);
  inbox.finish({});
  assertEquals(inbox.end, {});
});

const wakes: { name: string; cause: (inbox: Inbox) => void }[] = [
  { name: "a message", cause: (inbox) => inbox.push(message(1)) },
  { name: "the end", cause: (inbox) => inbox.finish({}) },
  { name: "a break", cause: (inbox) => inbox.break(new Error()) },
];

for (const { name, cause } of wakes) {
  Deno.test(`Inbox.wait calls back once, for ${name}`, () => {
    const inbox = new Inbox(new Account());
    let woken = 0;
    inbox.wait(() => woken++);
    cause(inbox);
    assertEquals(woken, 1);
    cause(inbox);
    inbox.push(message(1));
    assertEquals(woken, 1);
  });
}

Deno.test("Inbox.wait is not called for a message that is dropped", () => {
  const inbox = new Inbox(new Account());
  let woken = 0;
  inbox.discard();
  inbox.wait(() => woken++);
  inbox.push(message(1));
  assertEquals(woken, 0);
});

Deno.test("Inbox may be pushed to from inside its own wake-up", () => {
  const inbox = new Inbox(new Account());
  inbox.wait(() => inbox.push(message(1, 2)));
  inbox.push(message(1, 1));
  assertEquals(drain(inbox), [1, 2]);
});

Deno.test("Inbox.compact copies small messages out of a large buffer and leaves the others where they are", () => {
  const account = new Account();
  const inbox = new Inbox(account);
  const buffer = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
  const large = buffer.subarray(0, 600);
  const small = buffer.subarray(600, 700);
  inbox.push(buffer.subarray(0, 1)); // read before: it must not come back
  inbox.push(large);
  inbox.push(small);
  inbox.shift();
  const charged = account.bytes;
  inbox.compact();
  assertEquals([inbox.size, account.bytes], [2, charged]);
  assertStrictEquals(inbox.peek(), large);
  inbox.shift();
  const copy = inbox.peek();
  assertEquals(copy, small);
  assertNotStrictEquals(copy?.buffer, buffer.buffer);
  inbox.shift();
  assertEquals(account.bytes, 0);
});
