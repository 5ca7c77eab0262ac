import { leftovers, ms, wait } from "../../harness/measure.ts";
import type { Lab, Line, Row } from "../../harness/row.ts";

const STREAMS = 50;
const KEEP_ALIVE = { keepaliveMs: 400, keepaliveTimeoutMs: 400 };
/** Both, and as much again for a busy machine. */
const END_MS = 4_000;
const RUN_MS = 300;

/** A peer that stands still for ever looks like one that has vanished: no FIN, no RST, and no answer. */
export const grpcKeepAlive: Row = {
  name: "gRPC keep-alive",
  protocol: "grpc",
  async *run(lab) {
    for (const role of ["client", "server"] as const) yield await vanished(lab, role);
  },
};

async function vanished(lab: Lab, role: "client" | "server"): Promise<Line> {
  const server = await lab.server({}, "Test", role === "client" ? KEEP_ALIVE : {});
  const client = await lab.client(role === "server" ? KEEP_ALIVE : {});
  const before = { server: await server.child.stats(), client: await client.stats() };
  await client.ask("ping", { port: server.port, streams: STREAMS });
  // They are all quiet now and then; a keep-alive that cut them would show here.
  await wait(RUN_MS + 2 * KEEP_ALIVE.keepaliveMs);
  const [victim, survivor] = role === "client" ? [client, server.child] : [server.child, client];
  const { counts } = await survivor.stats();
  const open = counts[role === "client" ? "handlers" : "streams"] ?? 0;
  victim.signal("SIGSTOP");
  const began = performance.now();
  const left = await leftovers(survivor, role === "client" ? before.server : before.client, END_MS);
  const took = performance.now() - began;
  return {
    name: `the ${role} vanishes`,
    done:
      `SIGSTOP for ever under ${STREAMS} streams; \`keepaliveMs\` and \`keepaliveTimeoutMs\` ${KEEP_ALIVE.keepaliveMs}`,
    promise: `every stream at the other end ends within ${ms(END_MS)}, nothing is left there`,
    figure: `${open} streams ended within ${ms(took)}`,
    faults: [...left, ...open === STREAMS ? [] : [`${open} streams were open`]],
  };
}
