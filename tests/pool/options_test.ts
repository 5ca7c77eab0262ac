import { assertEquals, assertThrows } from "@std/assert";
import {
  type Address,
  createPool,
  type PoolOptions,
  retry,
  type RetryOptions,
  type StreamOpener,
} from "../../mod.ts";
import { untyped } from "../support/untyped.ts";

/** Wrong options of pools, with what is said of each. */
const pools: [message: string, options: Record<string, unknown>][] = [
  ["addresses must be an array or a function, got undefined", { addresses: undefined }],
  ['addresses must be an array or a function, got "localhost"', { addresses: "localhost" }],
  ["addresses[0] must be an object, got 80", { addresses: [80] }],
  ["addresses[1]: port must be an integer from 1 to 65535, got 0", { addresses: [{ port: 1 }, { port: 0 }] }],
  ["addresses[0]: one of port, path must be given, got none", { addresses: [{}] }],
  ["addresses[0]: hostname must not be empty", { addresses: [{ port: 1, hostname: "" }] }],
  ["addresses[0]: tls: cert and key go together", { addresses: [{ port: 1, tls: { cert: "x" } }] }],
  ["addresses[0]: tls: serverName does not go with cert and key", {
    addresses: [{ port: 1, tls: { cert: "x", key: "x", serverName: "x" } }],
  }],
  ['mode must be "mux" or "exclusive", got "shared"', { mode: "shared" }],
  ['pick must be "least-streams", "round-robin" or a function, got "random"', { pick: "random" }],
  ["connectionsPerAddress must be a positive integer, got 0", { connectionsPerAddress: 0 }],
  ["connectTimeoutMs must be a positive finite number of milliseconds, got -1", { connectTimeoutMs: -1 }],
  ["idleTimeoutMs must be a positive finite number of milliseconds, got NaN", { idleTimeoutMs: NaN }],
  ["keepAlive must be a boolean, got 1", { keepAlive: 1 }],
  ['waitForReady must be a boolean, got "no"', { waitForReady: "no" }],
  ["onError must be a function, got 5", { onError: 5 }],
  ["backoff must be an object, got 5", { backoff: 5 }],
  ["backoff.initialMs must be a positive finite number of milliseconds, got 0", {
    backoff: { initialMs: 0 },
  }],
  ["backoff.maxMs must be at least backoff.initialMs, 100, got 5", { backoff: { maxMs: 5 } }],
  ["backoff.jitter must be a number from 0 to 1, got 2", { backoff: { jitter: 2 } }],
  ["maxFrameBytes must be a positive integer, got 0", { maxFrameBytes: 0 }],
  ["serviceName must not be empty", { serviceName: "" }],
];
for (const [message, options] of pools) {
  Deno.test(`createPool: ${message}`, () => {
    const addresses: Address[] = [];
    const make = () => createPool(untyped<PoolOptions>({ addresses, ...options }));
    assertEquals(assertThrows(make, Error).message, message);
  });
}

/** Wrong options of retries, with what is said of each. */
const retries: [message: string, options: Record<string, unknown>][] = [
  ["attempts must be a positive integer, got 0", { attempts: 0 }],
  ["retryable must be a function, got true", { retryable: true }],
  ["backoff.maxMs must be at least backoff.initialMs, 20, got 1", { backoff: { maxMs: 1 } }],
];
for (const [message, options] of retries) {
  Deno.test(`retry: ${message}`, async () => {
    await using pool = createPool({ addresses: [] });
    assertEquals(assertThrows(() => retry(pool, untyped<RetryOptions>(options)), Error).message, message);
  });
}

Deno.test("retry: opener has no method openStream", () => {
  assertThrows(() => retry(untyped<StreamOpener>({})), TypeError, "opener has no method openStream");
});
