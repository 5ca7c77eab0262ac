/** What a server may get and should not, over real TCP: each input as a step of one test, see `resilience/malformed`. */
import { assert, assertEquals } from "@std/assert";
import { malformed } from "../resilience/malformed/mod.ts";
import { faults, probe } from "../resilience/malformed/probe.ts";
import { probeAll } from "../resilience/malformed/all.ts";
import { echoService } from "../resilience/malformed/service.ts";
import { CapturedErrors } from "../support/console.ts";
import { serveLocally } from "../support/loopback.ts";

/** Long enough for 8 MiB on a busy machine. */
const FRAME_TIMEOUT_MS = 1_500;
const PATIENCE = { answerMs: 10_000, cutMs: 10_000, quietMs: 0 };

Deno.test("malformed input ends what it belongs to, and nothing else", async () => {
  using _errors = new CapturedErrors();
  await using server = serveLocally(echoService(), { frameTimeoutMs: FRAME_TIMEOUT_MS, onError: () => {} });
  const { hostname, port } = server.addr;
  const observed = await probeAll({ hostname, port }, malformed, PATIENCE);
  const wrong = malformed.flatMap(({ group, name, expected }, i) => {
    const seen = observed[i];
    return seen === undefined ? [] : faults(expected, seen).map((fault) => `${group}: ${name}: ${fault}`);
  });
  assertEquals(wrong, []);
  await server.shutdown({ graceMs: 0 });
});

Deno.test("there are 150 malformed inputs at least, each with a name of its own", () => {
  assert(malformed.length >= 150);
  assertEquals(new Set(malformed.map(({ group, name }) => `${group}: ${name}`)).size, malformed.length);
});

Deno.test("a server that answers otherwise than expected is told of", async () => {
  await using server = serveLocally(() => {}, { frameTimeoutMs: FRAME_TIMEOUT_MS });
  const { hostname, port } = server.addr;
  const echo = malformed.find(({ name }) => name === "flags ffff");
  assert(echo !== undefined);
  const observed = await probe({ hostname, port }, echo, { ...PATIENCE, answerMs: 200 });
  assertEquals(faults(echo.expected, observed), [
    "no echo before the bytes",
    "expected Header, Data, Trailer, got Header, Trailer",
  ]);
});
