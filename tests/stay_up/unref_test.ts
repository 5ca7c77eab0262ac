/** What keeps a process alive, and what does not. */
import { assertEquals } from "@std/assert";
import { connect, connectOver } from "../../mod.ts";
import { run, start } from "../support/child.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";

for (const mode of ["streams", "idle", "early"]) {
  Deno.test(`unref: servers and connections with open streams, timers among them, end with the process (${mode})`, async () => {
    const { code, stdout, stderr } = await run("stay_up/unref_program.ts", [mode]);
    assertEquals([stderr, stdout, code], ["", "held\n", 0]);
  });
}

for (const mode of ["ref", "server ref"]) {
  Deno.test(`ref: what was unreferenced keeps the process alive again (${mode})`, async () => {
    const child = start("stay_up/unref_program.ts", [mode]);
    const reader = child.stdout.getReader();
    await reader.read();
    const ended = child.status.then(() => true);
    const { promise: later, resolve } = Promise.withResolvers<boolean>();
    setTimeout(resolve, 300, false);
    assertEquals(await Promise.race([ended, later]), false);
    child.kill("SIGKILL");
    await ended;
    await Promise.all([later, reader.cancel(), child.stderr.cancel()]);
  });
}

Deno.test("ref and unref after the end, and over what is no socket of Deno's, do nothing and throw nothing", async () => {
  const server = serveLocally(() => {});
  const connection = await connectTo(server);
  const [near, far] = duplexPair();
  const over = connectOver(near);
  over.unref();
  over.ref();
  over.abort();
  await over.closed;
  await far.readable.cancel().catch(() => {});
  await connection.close();
  await server.shutdown();
  for (const one of [over, connection, server]) {
    one.unref();
    one.ref();
  }
  assertEquals(await connect({ port: server.addr.port }).then(() => "open", () => "closed"), "closed");
});
