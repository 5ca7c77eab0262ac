/**
 * When things happen: JavaScript runs one task after the other, and Deno looks at its sockets and timers only in
 * between. The words for that, and what each is there for (`bench/NOTES.md` has the figures):
 *
 * - *tick*: all microtasks and I/O callbacks at hand have run ({@linkcode nextTick}).
 * - *flush*: what is in the send queue leaves at the tick, so that the frames of a turn share one write.
 * - *alone*: at most one connection has read something in this turn. What is sent where all was quiet need not wait for
 *   others then, but leaves two microtasks later: a lone round trip waits for each of them.
 * - *early*: with 32 KiB gathered it leaves before the tick, so that the peer works meanwhile.
 * - *turn*: the event loop goes round once (`setImmediate`).
 * - *look*: in one turn of 61 it asks the system about its sockets; a cancel that has come is not seen before.
 * - *due*: 0.5 to 4 ms of work have passed since the last look ({@linkcode Pace}); whoever is always ready would
 *   otherwise be the only one.
 * - *breathe*: to turn until the next look ({@linkcode breathe}). All who do so at a time share the turns.
 * - *hurry*: a frame that begins or ends a stream cuts the breath of its send queue short: a cancel must not wait.
 * - *behind*: a socket has more to read. A full send queue lets its reader go first, or both peers send without
 *   reading, and fill the kernel's buffers with what a cancel then stands behind.
 * - *burst*: messages that a reader took in a row without waiting; after so many it looks whether a breath is due,
 *   since the clock costs too much to be asked for each.
 *
 * The send queue flushes, leaves early, breathes and hurries (`send_queue.ts`); sockets breathe, and say whether they
 * are behind (`socket.ts`); the readers of messages breathe after a burst (`core/message_reader.ts`).
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { onDeno } from "./platform.ts";

/**
 * The platform's tick. `process.nextTick` comes before the event loop goes round, so that cancels beside busy streams are
 * seen sooner; but to load `node:process` takes a third of what this library does, so who sends little goes without it.
 */
let tick: (task: () => void) => unknown = setImmediate;
let ticks = 0;
const TICKS_WITHOUT_PROCESS = 256;

async function loadNextTick(): Promise<void> {
  try {
    const { default: process } = await import("node:process");
    tick = process.nextTick;
  } catch {
    // A platform without it: turns do as well.
  }
}

/** What runs at the next tick: one of the platform's serves all connections, since each of its own costs a microsecond. */
let tasks: (() => void)[] = [];

/** Calls `task` after the I/O callbacks at hand; a promise that it resolves is heard of after their microtasks. */
export function onNextTick(task: () => void): void {
  if (tasks.length === 0) {
    tick(runTasks);
    if (++ticks === TICKS_WITHOUT_PROCESS) loadNextTick();
  }
  tasks.push(task);
}

function runTasks(): void {
  const due = tasks;
  tasks = [];
  let begun = 0;
  try {
    while (begun < due.length) due[begun++]?.();
  } finally {
    // One that has thrown is heard of, and the others still run.
    for (const task of due.slice(begun)) onNextTick(task);
  }
}

/** After the microtasks and I/O callbacks at hand: what was sent until then leaves in one write. */
export function nextTick(): Promise<void> {
  return new Promise(onNextTick);
}

/** Connections that have read something in this turn, as far as is known. */
let arrivals = 0;
/** So many microtasks after a read its messages have been read, and mostly answered. */
const ANSWER_MICROTASKS = 12;

/** A connection has read something. */
export function arrived(): void {
  if (++arrivals === 2) onNextTick(forgetArrivals);
}

function forgetArrivals(): void {
  arrivals = 0;
}

/** Whether at most one connection has read something in this turn: nothing is gained then by gathering what others send. */
export function alone(): boolean {
  return arrivals <= 1;
}

/** After who waits for what has come on the only connection that has read something has had it, and has answered at once. */
export async function afterAnswers(): Promise<void> {
  for (let left = ANSWER_MICROTASKS; left > 0; left--) await undefined;
  if (arrivals === 1) arrivals = 0;
}

/**
 * How long, in milliseconds, work may go on without the event loop seeing to timers and sockets: shorter while that
 * brings something. A peer that sends as fast as we do must not pile up what it sends, a cancel among it, until we look.
 */
const MIN_BUSY_MS = 0.5;
const MAX_BUSY_MS = 4;
let busyMs = MAX_BUSY_MS;

/**
 * So many turns of the event loop make Deno look which sockets have become readable or writable, even where there is
 * always something else to do: its scheduler looks after 61 (tokio's event interval), a read then takes two to come through.
 */
const TURNS_TO_SOCKETS = 64;

/** When the event loop last looked at the sockets, as far as is known: one event loop serves all connections. */
let lookedAt = performance.now();

/** The event loop has just looked at the sockets: a read of one that had been empty has come through. */
export function looked(): void {
  lookedAt = performance.now();
}

/**
 * Keeps timers, cancels and other connections punctual. Reads and writes that complete at once run on in microtasks:
 * timers would wait for tens of milliseconds, and a frame that has come for hundreds.
 */
export class Pace {
  #since = lookedAt;

  /** Work begins, after a pause. */
  begin(): void {
    this.#since = performance.now();
  }

  /** Whether it is time to let the event loop turn; call {@linkcode breathe} then. */
  get due(): boolean {
    return performance.now() - Math.max(this.#since, lookedAt) > busyMs;
  }
}

let breath: Promise<void> | undefined;

/** Lets the event loop turn until it has seen to timers and sockets. Whoever waits at the same time shares the turns. */
export function breathe(): Promise<void> {
  return breath ??= new Promise((resolve) => {
    const began = lookedAt;
    let left = TURNS_TO_SOCKETS;
    // A turn costs 2 µs. setTimeout(0) would bring the sockets as well, but takes 2 ms (measured on Deno 2.9).
    const turn = () => {
      left--;
      if (left > 0 && lookedAt === began) {
        setImmediate(turn);
        return;
      }
      breath = undefined;
      busyMs = lookedAt === began ? Math.min(2 * busyMs, MAX_BUSY_MS) : Math.max(busyMs / 2, MIN_BUSY_MS);
      looked();
      resolve();
    };
    setImmediate(turn);
  });
}

/** Calls `task` when the event loop has turned so many times. */
export function afterTurns(turns: number, task: () => void): void {
  setImmediate(() => turns > 1 ? afterTurns(turns - 1, task) : task());
}

/** A timer that has been set; `undefined` stands for one that would never fire. */
export type Timer = ReturnType<typeof setTimeout> | undefined;

/** The longest delay a timer takes, in milliseconds: 24.8 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer that does not keep the process alive. */
export function unrefTimer(timer: Timer): void {
  if (timer === undefined) return;
  // Elsewhere timers are objects that have the method.
  if (onDeno) Deno.unrefTimer(timer);
  else if (typeof timer === "object" && hasUnref(timer)) timer.unref();
}

function hasUnref(timer: object): timer is { unref(): void } {
  return "unref" in timer && typeof timer.unref === "function";
}

/** Calls `task` after `ms` milliseconds. A longer delay than timers take is for ever: the platform would fire at once. */
export function setTimer(task: () => void, ms: number): Timer {
  return ms > MAX_TIMER_MS ? undefined : setTimeout(task, ms);
}

/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimer(resolve, ms));
}

/** Waits for `work`, but no longer than `ms` milliseconds. */
export async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimer(resolve, ms);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
