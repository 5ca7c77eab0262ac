import { assertEquals } from "@std/assert";
import { CallQueue } from "../../src/base/call_queue.ts";

/** Calls all that wait, and says which were called. */
function callAll(queue: CallQueue, called: number[]): number[] {
  for (let call = queue.shift(); call !== undefined; call = queue.shift()) call();
  return called.splice(0);
}

/** Functions that say which they are. */
function callsOf(count: number, called: number[]): (() => void)[] {
  return Array.from({ length: count }, (_, number) => () => called.push(number));
}

Deno.test("CallQueue gives functions in the order in which they came, thousands of them", () => {
  const queue = new CallQueue();
  const called: number[] = [];
  for (const call of callsOf(5_000, called)) queue.add(call);
  assertEquals(queue.length, 5_000);
  assertEquals(callAll(queue, called), Array.from({ length: 5_000 }, (_, number) => number));
  assertEquals(queue.length, 0);
});

Deno.test("CallQueue does not give what was taken back, first, last or between", () => {
  const queue = new CallQueue();
  const called: number[] = [];
  const calls = callsOf(10, called);
  for (const call of calls) queue.add(call);
  for (const number of [0, 4, 9]) queue.remove(calls[number] ?? fail);
  assertEquals(callAll(queue, called), [1, 2, 3, 5, 6, 7, 8]);
});

Deno.test("CallQueue puts what was taken back and comes again at the end", () => {
  const queue = new CallQueue();
  const called: number[] = [];
  const calls = callsOf(3, called);
  for (const call of calls) queue.add(call);
  queue.remove(calls[0] ?? fail);
  queue.add(calls[0] ?? fail);
  assertEquals(callAll(queue, called), [1, 2, 0]);
});

Deno.test("CallQueue takes what it has never had, and gives it when it comes", () => {
  const queue = new CallQueue();
  const called: number[] = [];
  const [first = fail, second = fail, stranger = fail] = callsOf(3, called);
  queue.add(first);
  queue.add(second);
  queue.remove(stranger);
  queue.add(stranger);
  assertEquals(callAll(queue, called), [0, 1, 2]);
});

Deno.test("CallQueue keeps nothing of those that come and are taken back behind one that stays", () => {
  const queue = new CallQueue();
  const called: number[] = [];
  queue.add(() => called.push(-1));
  for (const call of callsOf(10_000, called)) {
    queue.add(call);
    queue.remove(call);
    if (queue.length > 4) throw new Error(`${queue.length} are in line`);
  }
  assertEquals(callAll(queue, called), [-1]);
});

function fail(): never {
  throw new Error("there is no such function");
}
