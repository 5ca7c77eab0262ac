import { setImmediate } from "node:timers";

/** Lets the event loop turn so many times; with 0 nothing but microtasks run. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
