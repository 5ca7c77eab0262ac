import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { FrameTimer } from "../../src/net/frame_timer.ts";

const TIMEOUT_MS = 30;

/** A timer whose time-out can be awaited. */
function timer(timeoutMs: number = TIMEOUT_MS) {
  const { promise: timedOut, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const frameTimer = new FrameTimer(timeoutMs, () => {
    count++;
    resolve();
  });
  return { frameTimer, timedOut, count: () => count };
}

/** Long enough for a timer of `TIMEOUT_MS` that is set now, or has been, to have fired: it is set later and lasts longer. */
async function outlast(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 3 * TIMEOUT_MS));
}

Deno.test("FrameTimer tells of a frame that has begun and does not end, once", async () => {
  const { frameTimer, timedOut, count } = timer();
  const began = performance.now();
  frameTimer.see(3, false);
  await timedOut;
  assertGreaterOrEqual(performance.now() - began, TIMEOUT_MS - 1);
  await outlast();
  assertEquals(count(), 1);
  frameTimer.stop();
});

Deno.test("FrameTimer counts from the frame's beginning: bytes that trickle in do not put it off", async () => {
  const { frameTimer, timedOut } = timer();
  frameTimer.see(1, false);
  let pending = 1;
  const { promise: putOff, reject } = Promise.withResolvers<never>();
  const trickle = setInterval(() => {
    frameTimer.see(++pending, false);
    if (pending > 100) reject(new Error("100 bytes have come, one each 5 ms, and no time-out"));
  }, 5);
  await Promise.race([timedOut, putOff]).finally(() => clearInterval(trickle));
  frameTimer.stop();
});

Deno.test("FrameTimer says nothing of a frame that ended in time", async () => {
  const { frameTimer, count } = timer();
  frameTimer.see(3, false);
  frameTimer.see(0, true);
  await outlast();
  assertEquals(count(), 0);
  frameTimer.stop();
});

Deno.test("FrameTimer gives a frame that began in the chunk in which another ended its own whole time", async () => {
  const { frameTimer, timedOut, count } = timer();
  frameTimer.see(3, false);
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS / 2));
  const began = performance.now();
  frameTimer.see(5, true);
  await timedOut;
  assertGreaterOrEqual(performance.now() - began, TIMEOUT_MS - 1);
  assertEquals(count(), 1);
  frameTimer.stop();
});

Deno.test("FrameTimer tells of a frame that began after an idle time", async () => {
  const { frameTimer, timedOut } = timer();
  frameTimer.see(3, false);
  frameTimer.see(0, true);
  await outlast();
  frameTimer.see(1, false);
  await timedOut;
  frameTimer.stop();
});

Deno.test("FrameTimer.stop leaves no timer behind", () => {
  const { frameTimer } = timer();
  frameTimer.see(3, false);
  frameTimer.stop(); // the test's sanitizer would find the timer
});

Deno.test("FrameTimer.stop forgets the frame, and the next one has its own whole time", async () => {
  const { frameTimer, timedOut, count } = timer();
  frameTimer.see(3, false);
  frameTimer.stop();
  await outlast();
  assertEquals(count(), 0);
  const began = performance.now();
  frameTimer.see(3, false);
  await timedOut;
  assertGreaterOrEqual(performance.now() - began, TIMEOUT_MS - 1);
  frameTimer.stop();
});

Deno.test("FrameTimer with a time-out of 0 never sets a timer", () => {
  const { frameTimer } = timer(0);
  frameTimer.see(3, false); // the test's sanitizer would find a timer
});

Deno.test("FrameTimer with a time-out beyond the longest of setTimeout never fires", async () => {
  const { frameTimer, count } = timer(2 ** 31);
  frameTimer.see(3, false);
  await outlast();
  assertEquals(count(), 0);
});
