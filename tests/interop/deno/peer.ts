/**
 * The Deno end of the interop matrix: a server and, at the same time, a client that takes one command a line on
 * stdin. Both print one line of JSON an event on stdout. It ends when stdin does.
 *
 * @module
 */
import { serve } from "../../../mod.ts";
import { serveGrpc } from "../grpc/transport.ts";
import type { Command } from "../script.ts";
import { call } from "./client.ts";
import { emit } from "./events.ts";
import { type End, LIMIT_MS, pause } from "./play.ts";
import { handlers, plainHandler } from "./server.ts";

const options = { hostname: "127.0.0.1", port: 0, maxStreams: 2048, onError: () => {} };
const [server, plain] = [serveGrpc(options, handlers()), serve(options, plainHandler)];
emit({
  ev: "listening",
  address: `127.0.0.1:${server.addr.port}`,
  plainAddress: `127.0.0.1:${plain.addr.port}`,
});

async function perform({ case: caseId, node, call: plan }: Command): Promise<void> {
  const never = () => Promise.reject(new Error("not on a stream"));
  const base: End = {
    caseId,
    node,
    role: "",
    quiet: false,
    signal: new AbortController().signal,
    send: never,
    recv: never,
    more: () => Promise.resolve(false),
    last: {},
    call: never,
  };
  const finished = await Promise.race([
    call(undefined, undefined, base, plan).then(() => ({})),
    pause(LIMIT_MS).then(() => ({ stuck: true })),
  ]);
  emit({ case: caseId, node, role: "client", ev: "finished", ...finished });
}

let rest = "";
for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + piece).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) perform(JSON.parse(line));
}
Deno.exit(0);
