import type { Stats } from "../programs/counters.ts";
import type { Child } from "../harness/child.ts";
import { leftovers, ms, wait } from "../harness/measure.ts";
import type { Lab, Line, Row, ServerChild } from "../harness/row.ts";

const STREAMS = 100;
const CONNECTIONS = 4;
/** How long a peer stands still. */
const STOPPED_MS = 1_500;
const END_MS = 5_000;
/** How long the streams run before and after. */
const RUN_MS = 300;

type Role = "client" | "server";
interface Pair {
  readonly server: ServerChild;
  readonly client: Child;
  readonly before: { readonly server: Stats; readonly client: Stats };
}

/** A peer's process stands still for a while, or is killed, in the middle of streams. */
export const stoppedPeers: Row = {
  name: "stopped peers",
  async *run(lab) {
    for (const role of ["client", "server"] as const) {
      yield await stopped(lab, role);
      yield await killed(lab, role);
    }
  },
};

async function pair(lab: Lab): Promise<Pair> {
  const [server, client] = [await lab.server(), await lab.client()];
  const before = { server: await server.child.stats(), client: await client.stats() };
  for (let i = 0; i < CONNECTIONS; i++) {
    await client.ask("ping", { port: server.port, streams: STREAMS / CONNECTIONS });
  }
  await wait(RUN_MS);
  return { server, client, before };
}

async function stopped(lab: Lab, role: Role): Promise<Line> {
  const { server, client, before } = await pair(lab);
  const [stoppedOne, other] = role === "client" ? [client, server.child] : [server.child, client];
  stoppedOne.signal("SIGSTOP");
  const began = performance.now();
  await other.stats();
  const answeredMs = performance.now() - began;
  await wait(STOPPED_MS);
  const still = (await other.stats()).counts.messages ?? 0;
  stoppedOne.signal("SIGCONT");
  await wait(RUN_MS);
  const { failed } = await client.ask<{ failed: number }>("stop");
  const now = (await other.stats()).counts.messages ?? 0;
  return {
    name: `the ${role} is stopped for ${ms(STOPPED_MS)}`,
    done:
      `SIGSTOP, then SIGCONT, in the middle of ${STREAMS} ping-pong streams on ${CONNECTIONS} connections`,
    promise: "no stream fails, all go on, nothing is left at either end",
    figure: `${failed} failed; ${now - still} messages afterwards; the other end answered its runner in ${
      ms(answeredMs)
    } meanwhile`,
    faults: [
      ...failed > 0 ? [`${failed} streams failed`] : [],
      ...now > still ? [] : ["the streams do not go on"],
      ...await leftovers(server.child, before.server),
      ...await leftovers(client, before.client),
    ],
  };
}

async function killed(lab: Lab, role: Role): Promise<Line> {
  const { server, client, before } = await pair(lab);
  const [victim, survivor] = role === "client" ? [client, server.child] : [server.child, client];
  const open = (await survivor.stats()).counts[role === "client" ? "handlers" : "streams"] ?? 0;
  victim.signal("SIGKILL");
  const began = performance.now();
  const left = await leftovers(survivor, role === "client" ? before.server : before.client, END_MS);
  const took = performance.now() - began;
  const failed = (await survivor.stats()).counts.failed ?? 0;
  return {
    name: `the ${role} is killed`,
    done: `SIGKILL in the middle of ${STREAMS} ping-pong streams on ${CONNECTIONS} connections`,
    promise: role === "client"
      ? "every handler's stream ends, nothing is left at the server"
      : "every stream fails, nothing is left at the client",
    figure: `${open} streams ended within ${ms(took)}`,
    faults: [
      ...left,
      ...open === STREAMS ? [] : [`${open} streams were open`],
      ...role === "server" && failed !== STREAMS ? [`${failed} of ${STREAMS} streams failed`] : [],
    ],
  };
}
