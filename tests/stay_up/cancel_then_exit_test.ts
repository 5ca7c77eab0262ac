/** Who awaits a cancel and exits has told the server. */
import { assertEquals } from "@std/assert";
import { type Handler, serve, TTStreamError } from "../../mod.ts";
import { aborted } from "../support/events.ts";
import { run } from "../support/child.ts";
import { serveLocally } from "../support/loopback.ts";

const WAYS = [
  "cancel",
  "behind an upload, cancel",
  "dispose",
  "a signal, cancel",
  "a signal, dispose",
  "readable.cancel",
  "writable.abort",
  "break",
  "the connection's dispose",
  "close with a grace",
];

/** Collects the codes with which four streams end. */
function collecting(): { handler: Handler; codes: Promise<(number | undefined)[]> } {
  const ends: (number | undefined)[] = [];
  const all = Promise.withResolvers<(number | undefined)[]>();
  const handler: Handler = async (stream) => {
    stream.sendHeader();
    const reason = await aborted(stream.signal);
    ends.push(reason instanceof TTStreamError ? reason.code : undefined);
    if (ends.length === 4) all.resolve(ends);
  };
  return { handler, codes: all.promise };
}

for (const way of WAYS) {
  Deno.test(`client: an awaited end (${way}) and Deno.exit(): the server reads the cancel, not a lost connection`, async () => {
    const { handler, codes } = collecting();
    await using server = serveLocally(handler);
    const { code, stderr } = await run("stay_up/exit_program.ts", [way, `${server.addr.port}`]);
    assertEquals([code, stderr], [7, ""]);
    assertEquals(await codes, [12007, 12007, 12007, 12007]);
  });
}

Deno.test("client: so it is over a Unix socket", async () => {
  const { handler, codes } = collecting();
  await using server = serve({ path: `${await Deno.makeTempDir()}/s` }, handler);
  const { code, stderr } = await run("stay_up/exit_program.ts", ["cancel", server.addr.path]);
  assertEquals([code, stderr], [7, ""]);
  assertEquals(await codes, [12007, 12007, 12007, 12007]);
});
