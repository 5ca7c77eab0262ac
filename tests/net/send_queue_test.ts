import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Bytes } from "../../mod.ts";
import { SendQueue } from "../../src/net/send_queue.ts";
import { arrived, breathe, nextTick } from "../../src/net/event_loop.ts";

/** A socket whose writes end when the test says so. */
class Script {
  /** What has been written, copied when the write began. */
  readonly writes: Bytes[] = [];
  readonly failures: unknown[] = [];
  readonly outbox: SendQueue;
  /** Whether more has come than has been read. */
  behind = false;
  #pending: { readonly bytes: Bytes; readonly settled: PromiseWithResolvers<void> } | undefined;
  #begun: PromiseWithResolvers<void> = Promise.withResolvers();

  /** @param immediate Whether writes end by themselves. */
  constructor(immediate = false) {
    const write = (bytes: Bytes) => {
      this.writes.push(bytes.slice());
      this.#begun.resolve();
      if (immediate) return Promise.resolve();
      this.#pending = { bytes, settled: Promise.withResolvers() };
      return this.#pending.settled.promise;
    };
    this.outbox = new SendQueue({ write, behind: () => this.behind, owing() {} }, (error) => {
      this.failures.push(error);
      this.outbox.close();
    });
  }

  /** Appends bytes and sees to it that they are sent. */
  send(size: number, fill = 0): void {
    this.outbox.buffer.writeBytes(new Uint8Array(size).fill(fill));
    this.outbox.flush();
  }

  /** Resolves when a write has begun. */
  async begun(): Promise<void> {
    await this.#begun.promise;
  }

  /** Ends the write under way: what it was given must not have changed meanwhile. */
  finish(error?: Error): void {
    const pending = this.#pending;
    if (pending === undefined) throw new Error("no write is under way");
    assertEquals(pending.bytes, this.writes.at(-1));
    this.#pending = undefined;
    this.#begun = Promise.withResolvers();
    if (error === undefined) pending.settled.resolve();
    else pending.settled.reject(error);
  }

  sizes(): number[] {
    return this.writes.map(({ length }) => length);
  }
}

/** Over it, a few frames are congestion. */
const CONGESTED = 256 * 1024;
/** Over it, many are. */
const CONGESTED_MANY = 64 * 1024;
/** So much is written early. */
const EARLY = 32 * 1024;
/** Less than work may go on without a rest. */
const UNDISTURBED_MS = 3;
const MAX_TRIES = 200;
/** Longer than anything may keep the event loop busy. */
const BUSY_MS = 5;

/** Work that lets nobody else have a turn. */
function keepBusy(): void {
  for (const until = performance.now() + BUSY_MS; performance.now() < until;);
}

Deno.test("SendQueue sends all that was appended in a turn in one write", async () => {
  const script = new Script(true);
  for (let i = 0; i < 10; i++) script.send(3, i);
  assertEquals(script.writes, []);
  await script.outbox.sent();
  assertEquals(script.sizes(), [30]);
  assertEquals(Array.from(script.writes[0] ?? []), Array.from({ length: 30 }, (_, i) => Math.floor(i / 3)));
});

/** Runs `scenario` until the machine has not interrupted it: an outbox that is late lets the event loop turn. */
async function undisturbed(scenario: () => Promise<() => void>): Promise<void> {
  // Nothing has come for a while: work may go on for its 4 ms.
  for (let rest = 0; rest < 4; rest++) await breathe();
  for (let tries = 1;; tries++) {
    await breathe();
    await nextTick();
    const began = performance.now();
    const check = await scenario();
    if (performance.now() - began < UNDISTURBED_MS || tries === MAX_TRIES) return check();
  }
}

/** Lets microtasks run, and those that they queue. Within a tick no other one comes before them. */
async function microtasks(): Promise<void> {
  for (let hop = 0; hop < 20; hop++) await Promise.resolve();
}

Deno.test("SendQueue writes before the turn is over where 32 KiB have been gathered, but not without end", async () => {
  await undisturbed(async () => {
    const script = new Script(true);
    script.send(EARLY - 1);
    // With more than two frames in step there are more to come.
    for (let more = 0; more < 2; more++) script.send(0);
    await microtasks();
    const counts = [script.writes.length];
    for (let write = 1; write <= 6; write++) {
      script.send(write === 1 ? 1 : EARLY);
      script.send(0);
      await microtasks();
      counts.push(script.writes.length);
    }
    await script.outbox.sent();
    return () => {
      assertEquals(counts, [0, 1, 2, 3, 4, 4, 4]);
      assertEquals(script.sizes(), [EARLY, EARLY, EARLY, EARLY, 2 * EARLY]);
    };
  });
});

Deno.test("SendQueue sends a message that comes where all is quiet at once, with the next one in step with it", async () => {
  await undisturbed(async () => {
    const script = new Script(true);
    script.send(1);
    const counts = [script.writes.length];
    await Promise.resolve();
    script.send(1);
    await microtasks();
    counts.push(script.writes.length);
    await script.outbox.sent();
    return () => {
      assertEquals(counts, [0, 1]);
      assertEquals(script.sizes(), [2]);
    };
  });
});

Deno.test("SendQueue lets a frame that begins a stream wait for the first message, or for the turn's end", async () => {
  await undisturbed(async () => {
    const script = new Script(true);
    const counts: number[] = [];
    const open = async () => {
      script.outbox.buffer.writeBytes(new Uint8Array(3));
      script.outbox.flushNow();
      await microtasks();
      counts.push(script.writes.length);
    };
    await open();
    script.send(4);
    await microtasks();
    counts.push(script.writes.length);
    await nextTick();
    await open();
    await script.outbox.sent();
    return () => {
      assertEquals(counts, [0, 1, 1]);
      assertEquals(script.sizes(), [7, 3]);
    };
  });
});

Deno.test("SendQueue gathers messages until the turn's end where several connections have read something in it", async () => {
  await undisturbed(async () => {
    const script = new Script(true);
    arrived();
    arrived();
    script.send(1);
    await microtasks();
    const counts = [script.writes.length];
    await script.outbox.sent();
    // Behind a write more is gathered for a turn.
    await nextTick();
    await nextTick();
    script.send(1);
    await microtasks();
    counts.push(script.writes.length);
    await script.outbox.sent();
    return () => assertEquals(counts, [0, 2]);
  });
});

Deno.test("SendQueue writes nothing early while the socket has something to read", async () => {
  await nextTick();
  const script = new Script(true);
  script.behind = true;
  script.send(EARLY);
  script.send(0);
  await microtasks();
  assertEquals(script.sizes(), []);
  await script.outbox.sent();
  assertEquals(script.sizes(), [EARLY]);
});

Deno.test("SendQueue gathers what comes while a write is under way into the next one, in order", async () => {
  const script = new Script();
  script.send(1, 1);
  await script.begun();
  for (const fill of [2, 3, 4]) {
    script.send(1, fill);
    await Promise.resolve();
  }
  assertEquals(script.writes.length, 1);
  script.finish();
  await script.begun();
  script.send(1, 5);
  script.finish();
  await script.begun();
  script.finish();
  await script.outbox.sent();
  assertEquals(script.writes.map((write) => [...write]), [[1], [2, 3, 4], [5]]);
});

Deno.test("SendQueue sends every byte in order, whatever the sizes and however large", async () => {
  const script = new Script(true);
  const sizes = [1, 5000, 3, 2 * 1024 * 1024, 7, 100_000];
  for (const [index, size] of sizes.entries()) {
    script.send(size, index);
    if (index % 2 === 1) await script.outbox.sent();
  }
  await script.outbox.sent();
  const sent = script.writes.flatMap((write) => [...write]);
  assertEquals(sent.length, sizes.reduce((sum, size) => sum + size));
  let at = 0;
  for (const [index, size] of sizes.entries()) {
    assertEquals([sent[at], sent[at + size - 1]], [index, index]);
    at += size;
  }
});

Deno.test("SendQueue.flush with nothing appended writes nothing", async () => {
  const script = new Script(true);
  script.outbox.flush();
  await script.outbox.sent();
  assertEquals(script.writes, []);
});

Deno.test("SendQueue is congested over 256 KiB, unsent and in flight counted together, however few frames they are", async () => {
  const script = new Script();
  const { outbox } = script;
  script.send(CONGESTED);
  assertEquals(outbox.congested, false);
  script.send(1);
  assertEquals(outbox.congested, true);
  await script.begun();
  assertEquals(outbox.congested, true);
  script.finish();
  await outbox.sent();
  assertEquals(outbox.congested, false);
});

Deno.test("SendQueue is congested over 64 KiB where more than four frames wait", () => {
  const script = new Script(true);
  const { outbox } = script;
  for (let frames = 1; frames <= 4; frames++) script.send(CONGESTED_MANY / 4);
  script.send(0);
  assertEquals(outbox.congested, false);
  script.send(1);
  assertEquals(outbox.congested, true);
  outbox.close();
});

Deno.test("SendQueue holds a full buffer back while the socket has something to read, and a small one it does not", async () => {
  await undisturbed(async () => {
    const script = new Script(true);
    const { outbox } = script;
    script.behind = true;
    script.send(1);
    await outbox.sent();
    script.send(CONGESTED + 1);
    await nextTick();
    await nextTick();
    const held = script.sizes();
    script.behind = false;
    await outbox.sent();
    return () => {
      assertEquals(held, [1]);
      assertEquals(script.sizes(), [1, CONGESTED + 1]);
    };
  });
});

Deno.test("SendQueue sends a full buffer all the same when the reading takes long", async () => {
  const script = new Script();
  const { outbox } = script;
  script.behind = true;
  script.send(CONGESTED + 1);
  keepBusy();
  await script.begun();
  script.finish();
  await outbox.sent();
  assertEquals(script.sizes(), [CONGESTED + 1]);
});

Deno.test("SendQueue lets the event loop turn after some milliseconds of work, and a frame that is sent now ends that rest", async () => {
  for (const now of [false, true]) {
    const script = new Script();
    const { outbox } = script;
    script.send(1);
    keepBusy();
    await nextTick();
    let rested = false;
    const rest = breathe().then(() => rested = true);
    await nextTick();
    assertEquals(script.writes.length, 0);
    script.send(1);
    if (now) outbox.flushNow();
    await script.begun();
    assertEquals(rested, !now);
    assertEquals(script.sizes(), [2]);
    script.finish();
    await outbox.sent();
    await rest;
  }
});

Deno.test("SendQueue writes nothing after a close that came while it rested", async () => {
  const script = new Script();
  script.send(1);
  keepBusy();
  await nextTick();
  script.outbox.close();
  await breathe();
  await nextTick();
  assertEquals(script.writes.length, 0);
});

Deno.test("SendQueue.wait calls back once, when the congestion is over", async () => {
  const script = new Script();
  const { outbox } = script;
  let woken = 0;
  script.send(CONGESTED + 1);
  outbox.wait(() => woken++);
  await script.begun();
  script.send(CONGESTED + 1);
  script.finish();
  await script.begun();
  assertEquals(woken, 0); // the next buffer is full as well
  script.finish();
  await outbox.sent();
  assertEquals(woken, 1);
  script.send(1);
  await script.begun();
  script.finish();
  await outbox.sent();
  assertEquals(woken, 1);
});

Deno.test("SendQueue wakes those who wait in the order they came, and no more than it takes to be congested again", async () => {
  const script = new Script();
  const { outbox } = script;
  const woken: number[] = [];
  script.send(CONGESTED + 1);
  await script.begun();
  for (let writer = 0; writer < 10; writer++) {
    outbox.wait(() => {
      woken.push(writer);
      script.send(CONGESTED / 2);
    });
  }
  for (let write = 0; woken.length < 10; write++) {
    assertEquals(woken, Array.from({ length: 3 * write }, (_, writer) => writer));
    script.finish();
    await script.begun();
  }
  script.finish();
  await outbox.sent();
  assertEquals(script.sizes(), [CONGESTED + 1, ...[3, 3, 3, 1].map((writers) => writers * CONGESTED / 2)]);
});

Deno.test("SendQueue.unwait takes a wait back, and the others stay", async () => {
  const script = new Script();
  const { outbox } = script;
  const woken: string[] = [];
  const first = () => woken.push("first");
  script.send(CONGESTED + 1);
  outbox.wait(first);
  outbox.wait(() => woken.push("second"));
  outbox.unwait(first);
  await script.begun();
  script.finish();
  await outbox.sent();
  assertEquals(woken, ["second"]);
});

Deno.test("SendQueue: a wake-up may wait again without being called in the same round", async () => {
  const script = new Script();
  const { outbox } = script;
  let woken = 0;
  const wake = () => {
    woken++;
    outbox.wait(wake);
  };
  script.send(CONGESTED + 1);
  outbox.wait(wake);
  await script.begun();
  script.finish();
  await outbox.sent();
  assertEquals(woken, 1);
  outbox.unwait(wake);
});

Deno.test("SendQueue.sent resolves at once when nothing is unsent, else when all that was appended before has been sent", async () => {
  const script = new Script();
  await script.outbox.sent();
  script.send(1);
  let idle = false;
  const waiting = script.outbox.sent().then(() => idle = true);
  await script.begun();
  assertEquals(idle, false);
  script.send(1);
  script.finish();
  await waiting;
  await script.begun();
  const second = script.outbox.sent().then(() => idle = false);
  assertEquals(idle, true);
  script.finish();
  await second;
  assertEquals(script.sizes(), [1, 1]);
});

Deno.test("SendQueue.close drops what is unsent, wakes who waits, and takes nothing more", async () => {
  const script = new Script();
  const { outbox } = script;
  let woken = 0;
  script.send(CONGESTED + 1);
  await script.begun();
  script.send(10);
  outbox.wait(() => woken++);
  const idle = outbox.sent();
  outbox.close();
  await idle;
  assertEquals(woken, 1);
  script.send(10);
  assertEquals(outbox.buffer.length, 0);
  script.finish();
  // Whatever would still be written has had its turn after a timer.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(script.sizes(), [CONGESTED + 1]);
  assertEquals(script.failures, []);
});

Deno.test("SendQueue tells of a write that fails, once, and sends nothing after it", async () => {
  const script = new Script();
  const error = new Error("broken pipe");
  script.send(1);
  await script.begun();
  script.send(2);
  script.finish(error);
  await script.outbox.sent();
  assertEquals(script.failures.length, 1);
  assertStrictEquals(script.failures[0], error);
  script.send(3);
  await script.outbox.sent();
  assertEquals(script.sizes(), [1]);
});

Deno.test("SendQueue is congested for good after a write that failed: whoever writes must not go on", async () => {
  const script = new Script();
  script.send(1);
  await script.begun();
  assertEquals(script.outbox.congested, false);
  script.finish(new Error("broken pipe"));
  await script.outbox.sent();
  assertEquals(script.outbox.congested, true);
});

Deno.test("SendQueue says nothing of a write that fails after the close: whoever closed knows", async () => {
  const script = new Script();
  script.send(1);
  await script.begun();
  script.outbox.close();
  script.finish(new Error("closed"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(script.failures, []);
});

Deno.test("SendQueue gives back a buffer that a large message has blown up", async () => {
  const script = new Script(true);
  const { outbox } = script;
  script.send(3 * 1024 * 1024);
  await outbox.sent();
  await nextTick();
  const sizes = [outbox.buffer.bytes.length];
  script.send(1);
  await outbox.sent();
  await nextTick();
  sizes.push(outbox.buffer.bytes.length);
  assertEquals(sizes.every((size) => size <= 1024 * 1024), true);
});
