import { assertEquals } from "@std/assert";
import { type CallOptions, type Client, createClient, createPool, retry } from "../../mod.ts";
import { countingSignal } from "../support/listeners.ts";
import { rejection } from "../support/rejection.ts";
import { at, until, wordServer } from "./servers.ts";
import { Words } from "./words.ts";

const CALLS = 10_000;
const AT_A_TIME = 100;

/** Ways that a call ends, in turn. */
const ends: ((client: Client<typeof Words.methods>, options: CallOptions) => Promise<unknown>)[] = [
  (client, options) => Array.fromAsync(client.ask("x y", options)),
  async (client, options) => {
    for await (const _ of client.ask("x y z", options)) break;
  },
  async (client, options) => {
    const join = client.join(options);
    await join.sendAll(["x", "y"]);
    await join.response;
    await join.closed;
  },
  async (client, options) => {
    await using talk = client.talk(options);
    await talk.send("x");
  },
  (client, options) => rejection(client.ask("hang", { ...options, timeoutMs: 1 }).closed),
];

for (const mode of ["mux", "exclusive"] as const) {
  for (const retried of [false, true]) {
    Deno.test(`10,000 calls leave nothing: ${mode}${retried ? ", through retry" : ""}`, async () => {
      await using a = wordServer("a");
      await using b = wordServer("b");
      const pool = createPool({ addresses: [at(a), at(b)], mode });
      const client = createClient(Words, retried ? retry(pool) : pool);
      const { controller, listeners } = countingSignal();
      let next = 0;
      await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
        for (let i = next++; i < CALLS; i = next++) {
          await ends[i % ends.length]?.(client, { signal: controller.signal, timeoutMs: 60_000 });
        }
      }));
      await until(() => pool.stats.streams === 0);
      assertEquals([listeners(), pool.stats.waiting], [0, 0]);
      await pool.close();
      const { connections, addresses } = pool.stats;
      const none = { connecting: 0, idle: 0, active: 0, draining: 0 };
      assertEquals([connections, ...addresses.map((each) => each.connections)], [none, none, none]);
    });
  }
}
