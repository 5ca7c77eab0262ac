/** The end of a stream comes without being asked for: it rejects what is awaited, and ends no process. */
import { assert, assertEquals } from "@std/assert";
import { run } from "../support/child.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { ways } from "./ways.ts";

const TARGET = { service: "Test", method: "Echo" };
/** More than a loopback socket takes while nobody reads. */
const large = new Uint8Array(12 * 1024 * 1024);

Deno.test("no promise of a stream, awaited or not, ends the process when the stream ends", async () => {
  const { code, stdout, stderr } = await run("stay_up/unawaited_program.ts");
  assertEquals(stderr, "");
  assertEquals(stdout.split("\n").slice(0, -2), []);
  assertEquals(/^[1-9]\d* cases, 0 would have ended the process\n$/.test(stdout), true, stdout);
  assertEquals(code, 0);
});

/** How many of the promises reject. */
async function rejected(promises: readonly unknown[]): Promise<number> {
  const settled = await Promise.allSettled(promises);
  return settled.filter(({ status }) => status === "rejected").length;
}

const REJECTING = [
  "write",
  "read",
  "readable.pipeTo",
  "next",
  "next, without the cancel",
];

for (const name of [...REJECTING, "read, then next", "send", "sendAll"]) {
  Deno.test(`${name}: what is awaited rejects when the stream ends, at the client and at the server`, async () => {
    const started = Promise.withResolvers<void>();
    const atServer = Promise.withResolvers<number>();
    await using server = serveLocally(async (stream) => {
      rejected(ways<Uint8Array, Uint8Array>()[name]?.(stream, large) ?? []).then(atServer.resolve);
      started.resolve();
      await aborted(stream.signal);
    }, { maxBufferedBytes: 1024, onError: () => {} });
    await using connection = await connectTo(server, { maxBufferedBytes: 1024 });
    const stop = new AbortController();
    const stream = connection.openStream(TARGET, { signal: stop.signal });
    await started.promise;
    const atClient = rejected(ways<Uint8Array, Uint8Array>()[name]?.(stream, large) ?? []);
    stop.abort();
    assert(await atClient > 0);
    assert(await atServer.promise > 0);
  });
}
