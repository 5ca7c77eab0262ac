/** A whole fleet that comes back at once, after a restart. */
import { assertEquals } from "@std/assert";
import { start } from "../support/child.ts";

const CLIENTS = 2_000;

/** How many connections the system lets wait, at most. */
function somaxconn(): number {
  return Deno.build.os === "linux" ? Number(Deno.readTextFileSync("/proc/sys/net/core/somaxconn")) : 0;
}

Deno.test({
  name: `backlog: ${CLIENTS} clients connect at once, to a server that has no time for them yet`,
  ignore: somaxconn() < CLIENTS,
  async fn() {
    const server = start("stay_up/backlog_program.ts");
    const reader = server.stdout.getReader();
    const port = Number(new TextDecoder().decode((await reader.read()).value));
    server.kill("SIGSTOP");
    const dials = Array.from({ length: CLIENTS }, () => Deno.connect({ hostname: "127.0.0.1", port }));
    // It goes on only when all are connected: whoever does not fit into the queue would wait for ever.
    const conns = await Promise.all(dials);
    assertEquals(conns.length, CLIENTS);
    for (const conn of conns) conn.close();
    server.kill("SIGKILL");
    await Promise.all([server.status, reader.cancel(), server.stderr.cancel()]);
  },
});
