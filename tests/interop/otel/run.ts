/**
 * Traces that go through Kitex services with `kitex-contrib/obs-opentelemetry`, and through ours: D is this library, G is
 * Kitex. Every span must be the child of the one before it.
 */
import { SpanKind } from "@opentelemetry/api";
import {
  connect,
  type Connection,
  createClient,
  defineService,
  implement,
  type Protocol,
  serve,
} from "../../../mod.ts";
import { ttheader } from "../../../mod.ts";
import { grpc } from "../../../src/grpc/mod.ts";
import { string, struct } from "../../../src/thrift/mod.ts";
import { field } from "../../../src/thrift/mod.ts";
import { readFlags } from "../../../tools/flags.ts";
import { Spans } from "../../otel/spans.ts";
import { hasGo, MissingGo } from "../harness/build.ts";
import { runPart } from "../harness/part.ts";
import { buildTracedPeer, GoPeer, type SpanLine } from "./go_peer.ts";

const Message = struct("Message", { text: field(1, string) });
const Chat = defineService("Chat", { ask: { kind: "server", request: Message, response: Message } });

const PROTOCOLS: Readonly<Record<string, Protocol>> = { ttheader: ttheader(), grpc: grpc() };

/**
 * Which service is which, in the order of the calls. Over gRPC a Kitex service in the middle hands on its caller's
 * context or its own, as Go's maps fall: the caller's has come as `TRACEPARENT`, its own is `traceparent`, and both are
 * sent as `rpc-transit-traceparent`. There one trace is what can be asked for.
 */
const CHAINS = ["DG", "GD", "DGD", "GDG", "DDG", "GDDG", "GGG"];

function isLoose(chain: string, protocol: string): boolean {
  return protocol === "grpc" && chain.slice(1, -1).includes("G");
}

async function dial(protocol: string, port: number, spans: Spans): Promise<Connection> {
  return await connect({
    hostname: "127.0.0.1",
    port,
    protocol: PROTOCOLS[protocol],
    serviceName: "DenoService",
    observers: [spans.observer],
  });
}

async function ask(connection: Connection): Promise<string> {
  let last = "";
  for await (const { text } of createClient(Chat, connection).ask(Message.create({ text: "why?" }))) {
    last = text;
  }
  return last;
}

/** Runs a chain of services, the client first, and returns all spans. */
async function spansOf(chain: string, protocol: string): Promise<SpanLine[]> {
  using spans = new Spans();
  await using stack = new AsyncDisposableStack();
  const peers: GoPeer[] = [];
  let port: number | undefined;
  for (const kind of [...chain].slice(1).reverse()) {
    if (kind === "G") {
      const peer: GoPeer = new GoPeer(
        "server",
        ...(port === undefined ? [] : [protocol, `127.0.0.1:${port}`]),
      );
      stack.use(peer);
      peers.push(peer);
      port = await peer.port;
      continue;
    }
    const next = port === undefined ? undefined : stack.use(await dial(protocol, port, spans));
    const server = serve(
      { hostname: "127.0.0.1", port: 0, protocols: Object.values(PROTOCOLS), observers: [spans.observer] },
      implement(Chat, {
        async *ask() {
          yield Message.create({ text: next === undefined ? "because" : await ask(next) });
        },
      }),
    );
    stack.use(server);
    port = server.addr.port;
  }
  if (chain.startsWith("G")) {
    const peer = new GoPeer("client", protocol, `127.0.0.1:${port}`);
    peers.push(peer);
    await peer.done();
    await peer[Symbol.asyncDispose]();
  } else {
    const answer = await ask(stack.use(await dial(protocol, port ?? 0, spans)));
    if (answer !== "because") throw new Error(`the answer was ${answer}`);
  }
  await stack.disposeAsync();
  const ours = spans.ended.map((span): SpanLine => ({
    service: "Deno",
    name: span.name,
    kind: SpanKind[span.kind].toLowerCase(),
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId ?? "",
  }));
  return [...ours, ...peers.flatMap((peer) => peer.spans)];
}

/** What is wrong with the spans of a chain; nothing where each is the child of the one before. */
function faultOf(chain: string, protocol: string, spans: readonly SpanLine[]): string | undefined {
  if (isLoose(chain, protocol)) {
    const traces = new Set(spans.map(({ traceId }) => traceId));
    return traces.size === 1 ? undefined : `there are ${traces.size} traces: ${JSON.stringify(spans)}`;
  }
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const expected = [...chain].flatMap((kind, i) => {
    const service = kind === "G" ? "Go" : "Deno";
    return [...(i > 0 ? [`${service} server`] : []), ...(i < chain.length - 1 ? [`${service} client`] : [])];
  });
  // The Go client's own caller.
  if (chain.startsWith("G")) expected.unshift("Go internal");
  const found: string[] = [];
  let next = spans.find(({ parent }) => !ids.has(parent));
  const { traceId } = next ?? {};
  while (next !== undefined) {
    found.push(`${next.service} ${next.kind}`);
    const { spanId } = next;
    next = spans.find((span) => span.parent === spanId && span.traceId === traceId);
  }
  if (found.join() === expected.join() && spans.length === expected.length) return undefined;
  return `expected ${expected.join(" > ")}, found ${found.join(" > ")} among ${JSON.stringify(spans)}`;
}

if (import.meta.main) await runPart(main);

async function main(): Promise<number> {
  readFlags("usage: run.ts [--only otel] [--help]", { only: { type: "string" } });
  if (!await hasGo()) throw new MissingGo();
  await buildTracedPeer();
  let failed = 0;
  for (const protocol of Object.keys(PROTOCOLS)) {
    for (const chain of CHAINS) {
      const fault = await spansOf(chain, protocol).then((spans) => faultOf(chain, protocol, spans), String);
      if (fault !== undefined) failed++;
      console.log(
        `${fault === undefined ? "ok    " : "FAILED"}  traces over ${protocol}: ${[...chain].join(" > ")}${
          fault === undefined ? "" : `: ${fault}`
        }`,
      );
    }
  }
  console.log(`traces: ${2 * CHAINS.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
