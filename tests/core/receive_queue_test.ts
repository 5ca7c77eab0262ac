import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import type { Bytes } from "../../mod.ts";
import { ReceiveQueue } from "../../src/core/receive_queue.ts";

class Account {
  bytes = 0;
  messages = 0;
  charge(bytes: number, messages: number): void {
    this.bytes += bytes;
    this.messages += messages;
  }
}

function message(size: number, fill = 0): Bytes {
  return new Uint8Array(size).fill(fill);
}

/** What is waiting, taken in order. */
function drain(queue: ReceiveQueue): number[] {
  const first: number[] = [];
  for (let payload = queue.peek(); payload !== undefined; payload = queue.peek()) {
    first.push(payload[0] ?? -1);
    queue.shift();
  }
  return first;
}

Deno.test("ReceiveQueue hands messages out in the order in which they came", () => {
  const queue = new ReceiveQueue(new Account());
  for (let i = 0; i < 5; i++) queue.push(message(1, i));
  assertEquals(queue.size, 5);
  assertEquals(drain(queue), [0, 1, 2, 3, 4]);
  assertEquals([queue.size, queue.ready, queue.peek()], [0, false, undefined]);
});

Deno.test("ReceiveQueue keeps the order over thousands of messages that are pushed and read in turn", () => {
  const account = new Account();
  const queue = new ReceiveQueue(account);
  let read = 0;
  for (let i = 0; i < 10_000; i++) {
    queue.push(message(1, i % 251));
    if (i % 3 === 0) continue;
    assertEquals(queue.peek()?.[0], read % 251);
    queue.shift();
    read++;
  }
  assertEquals(queue.size, 10_000 - read);
  assertEquals([account.bytes, account.messages], [queue.size, queue.size]);
  assertEquals(drain(queue).length, 10_000 - read);
  assertEquals(account.bytes, 0);
});

Deno.test("ReceiveQueue charges a message's bytes and the message itself, so that empty ones count too", () => {
  const account = new Account();
  const queue = new ReceiveQueue(account);
  queue.push(message(100));
  queue.push(message(0));
  assertEquals([account.bytes, account.messages], [100, 2]);
  queue.shift();
  assertEquals([account.bytes, account.messages], [0, 1]);
  queue.shift();
  queue.shift();
  assertEquals(account.bytes, 0);
});

Deno.test("ReceiveQueue.finish: the end shows behind what is waiting, and what comes later is dropped", () => {
  const account = new Account();
  const queue = new ReceiveQueue(account);
  queue.push(message(1, 1));
  queue.finish({});
  queue.push(message(1, 2));
  assertEquals([queue.size, queue.end, queue.broken], [1, undefined, false]);
  assertEquals(drain(queue), [1]);
  assertEquals([queue.ready, queue.end], [true, {}]);
  assertEquals(account.bytes, 0);
});

Deno.test("ReceiveQueue.finish: the first end wins", () => {
  const queue = new ReceiveQueue(new Account());
  const error = new Error("first");
  queue.finish({ error });
  queue.finish({});
  assertStrictEquals(queue.end?.error, error);
});

Deno.test("ReceiveQueue.break drops what is waiting, gives its bytes back and shows its error at once", () => {
  const account = new Account();
  const queue = new ReceiveQueue(account);
  const error = new Error("broken");
  queue.push(message(10));
  queue.push(message(10));
  queue.shift();
  queue.break({ error });
  assertEquals([queue.size, queue.broken, account.bytes], [0, true, 0]);
  assertStrictEquals(queue.end?.error, error);
  queue.push(message(10));
  assertEquals([queue.size, account.bytes], [0, 0]);
});

Deno.test("ReceiveQueue.break overrides a finish that has not been read; of two breaks the first wins", () => {
  const queue = new ReceiveQueue(new Account());
  const error = new Error("first break");
  queue.push(message(1));
  queue.finish({});
  queue.break({ error });
  queue.break({ error: new Error("second break") });
  queue.finish({});
  assertStrictEquals(queue.end?.error, error);
});

Deno.test("ReceiveQueue.break with undefined is an end with an error", () => {
  const queue = new ReceiveQueue(new Account());
  queue.break({ error: undefined });
  assertEquals([queue.broken, queue.end !== undefined && "error" in queue.end], [true, true]);
});

Deno.test("ReceiveQueue.discard drops what is waiting and what still comes, and the end still shows", () => {
  const account = new Account();
  const queue = new ReceiveQueue(account);
  queue.push(message(10));
  queue.discard();
  queue.push(message(10));
  assertEquals([queue.size, queue.ready, account.bytes], [0, false, 0]);
  queue.finish({});
  assertEquals(queue.end, {});
});

const wakes: { name: string; cause: (queue: ReceiveQueue) => void }[] = [
  { name: "a message", cause: (queue) => queue.push(message(1)) },
  { name: "the end", cause: (queue) => queue.finish({}) },
  { name: "a break", cause: (queue) => queue.break({ error: new Error() }) },
];

for (const { name, cause } of wakes) {
  Deno.test(`ReceiveQueue.wait calls back once, for ${name}`, () => {
    const queue = new ReceiveQueue(new Account());
    let woken = 0;
    queue.wait(() => woken++);
    cause(queue);
    assertEquals(woken, 1);
    cause(queue);
    queue.push(message(1));
    assertEquals(woken, 1);
  });
}

Deno.test("ReceiveQueue.wait is not called for a message that is dropped", () => {
  const queue = new ReceiveQueue(new Account());
  let woken = 0;
  queue.discard();
  queue.wait(() => woken++);
  queue.push(message(1));
  assertEquals(woken, 0);
});

Deno.test("ReceiveQueue may be pushed to from inside its own wake-up", () => {
  const queue = new ReceiveQueue(new Account());
  queue.wait(() => queue.push(message(1, 2)));
  queue.push(message(1, 1));
  assertEquals(drain(queue), [1, 2]);
});

Deno.test("ReceiveQueue.compact copies small messages out of a large buffer and leaves the others where they are", () => {
  const account = new Account();
  const queue = new ReceiveQueue(account);
  const buffer = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
  const large = buffer.subarray(0, 600);
  const small = buffer.subarray(600, 700);
  queue.push(buffer.subarray(0, 1)); // read before: it must not come back
  queue.push(large);
  queue.push(small);
  queue.shift();
  const charged = account.bytes;
  queue.compact();
  assertEquals([queue.size, account.bytes], [2, charged]);
  assertStrictEquals(queue.peek(), large);
  queue.shift();
  const copy = queue.peek();
  assertEquals(copy, small);
  assertNotStrictEquals(copy?.buffer, buffer.buffer);
  queue.shift();
  assertEquals(account.bytes, 0);
});
