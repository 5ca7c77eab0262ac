/** Spans of streams, at both ends and in both protocols. */
import { assert, assertEquals } from "@std/assert";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  BizStatusError,
  connect,
  type Connection,
  defineService,
  type Handler,
  implement,
  type Protocol,
  type Server,
  type ServerStream,
  ttheader,
} from "../../mod.ts";
import { grpc, GrpcError, GrpcStatus } from "../../src/grpc/mod.ts";
import { once } from "node:events";
import { bytes, text } from "../support/codecs.ts";
import { serveLocally } from "../support/loopback.ts";
import { rejection } from "../support/rejection.ts";
import { isChild, Spans } from "./spans.ts";

const Chat = defineService("Chat", {
  ask: { kind: "bidirectional", name: "Ask", request: text, response: text },
});
const TARGET = { service: "Chat", method: "Ask" };
const PROTOCOLS: readonly (readonly [name: string, make: () => Protocol])[] = [
  ["TTHeader Streaming", ttheader],
  ["gRPC", grpc],
];

function listen(handler: Handler, spans: Spans, protocol: Protocol): Server<Deno.NetAddr> {
  return serveLocally(handler, { protocols: [protocol], observers: [spans.observer], onError: () => {} });
}

function connectTo(
  server: Server<Deno.NetAddr>,
  spans: Spans,
  protocol: Protocol,
  serviceName: string,
): Promise<Connection> {
  const { hostname, port } = server.addr;
  return connect({ hostname, port, protocol, serviceName, observers: [spans.observer] });
}

/** One call of `handler`, and the spans of its two ends. */
async function spansOf(
  make: () => Protocol,
  handler: Handler,
  call: (connection: Connection) => Promise<unknown>,
) {
  using spans = new Spans();
  {
    await using server = listen(handler, spans, make());
    await using connection = await connectTo(server, spans, make(), "ServiceA");
    await call(connection);
  }
  const ended = spans.ended;
  return {
    client: ended.find(({ kind }) => kind === SpanKind.CLIENT),
    server: ended.find(({ kind }) => kind === SpanKind.SERVER),
    count: ended.length,
  };
}

async function read(connection: Connection): Promise<void> {
  const stream = connection.openStream(TARGET);
  await stream.send(bytes("hi"));
  await stream.writable.close();
  for await (const _ of stream.readable);
}

for (const [name, make] of PROTOCOLS) {
  const ok = name === "gRPC" ? "OK" : "0";

  Deno.test(`tracing: a stream is a span at each end, and they are one trace (${name})`, async () => {
    const echo: Handler = (stream) => stream.sendAll(stream.readable);
    const { client, server, count } = await spansOf(make, echo, read);
    assertEquals(count, 2);
    assert(isChild(server, client));
    assertEquals([client?.name, server?.name], ["Chat/Ask", "Chat/Ask"]);
    assertEquals(client?.status.code, SpanStatusCode.UNSET);
    const { "server.port": port, ...attributes } = client?.attributes ?? {};
    assertEquals(typeof port, "number");
    assertEquals(attributes, {
      "rpc.system.name": name === "gRPC" ? "grpc" : "ttheader_streaming",
      "rpc.method": "Chat/Ask",
      "server.address": "127.0.0.1",
      "rpc.status_code": ok,
      "ttstream.messages.sent": 1,
      "ttstream.messages.received": 1,
    });
    assertEquals(server?.attributes["client.address"], "127.0.0.1");
    assertEquals(server?.attributes["rpc.status_code"], ok);
    assertEquals(client?.events.map((event) => event.name), ["first message"]);
  });

  Deno.test(`tracing: what a handler throws is an error at both ends (${name})`, async () => {
    const { client, server } = await spansOf(
      make,
      () => Promise.reject(new RangeError("too long")),
      async (connection) => await rejection(read(connection)),
    );
    const code = name === "gRPC" ? "INTERNAL" : "12001";
    assertEquals([client?.attributes["error.type"], client?.attributes["rpc.status_code"]], [code, code]);
    assertEquals([server?.attributes["error.type"], server?.attributes["rpc.status_code"]], [
      "RangeError",
      code,
    ]);
    assertEquals([client?.status.code, server?.status.code], [SpanStatusCode.ERROR, SpanStatusCode.ERROR]);
    assertEquals(server?.status.message, "too long");
  });

  Deno.test(`tracing: a business error has its own code (${name})`, async () => {
    const { client, server } = await spansOf(
      make,
      () => Promise.reject(new BizStatusError(404, "no such model")),
      async (connection) => await rejection(read(connection)),
    );
    for (const span of [client, server]) {
      assertEquals([span?.attributes["error.type"], span?.attributes["rpc.status_code"]], [
        "BizStatusError",
        "404",
      ]);
    }
  });

  Deno.test(`tracing: a cancel is no error, and says who it was (${name})`, async () => {
    const { client, server } = await spansOf(
      make,
      (stream) => new Promise((resolve) => stream.signal.addEventListener("abort", () => resolve())),
      async (connection) => {
        const controller = new AbortController();
        const stream = connection.openStream(TARGET, { signal: controller.signal });
        await stream.send(bytes("hi"));
        controller.abort();
        await rejection(stream.closed);
      },
    );
    for (const span of [client, server]) {
      assertEquals([span?.status.code, span?.attributes["error.type"]], [SpanStatusCode.UNSET, undefined]);
      assertEquals(span?.attributes["rpc.status_code"], name === "gRPC" ? "CANCELLED" : "12007");
    }
    assertEquals(server?.attributes["ttstream.canceled_by"], "ServiceA");
    if (name !== "gRPC") assertEquals(server?.attributes["ttstream.cancel_path"], "ServiceA");
    assert(String(server?.attributes["ttstream.cancel_reason"]).length > 0);
  });

  Deno.test(`tracing: what a stranger calls a method, or itself, is cut and no name of ours (${name})`, async () => {
    using spans = new Spans();
    const running = Promise.withResolvers<void>();
    const services = implement(Chat, {
      async ask(stream) {
        running.resolve();
        await once(stream.signal, "abort");
      },
    });
    {
      await using server = serveLocally(services, {
        protocols: [make()],
        observers: [spans.observer],
        maxStreams: 1,
      });
      await using connection = await connectTo(server, spans, make(), "x".repeat(2_000));
      await rejection(connection.openStream({ service: "Chat", method: "m".repeat(2_000) }).closed);
      const held = connection.openStream(TARGET);
      await held.send(bytes("hi"));
      await running.promise;
      if (name !== "gRPC") {
        // Over gRPC a client waits until it may open one.
        await rejection(connection.openStream({ service: "Chat", method: "one too many" }).closed);
      }
      await held.cancel("y".repeat(10_000));
      await rejection(held.closed);
      // The server hears of it in one go with what opened it: its handler is never called.
      const canceled = connection.openStream({ service: "Chat", method: "cancelled at once" });
      await Promise.all([canceled.cancel(), rejection(canceled.closed)]);
    }
    const all = spans.ended.filter(({ kind }) => kind === SpanKind.SERVER);
    assertEquals(all.map((span) => [span.name, span.attributes["rpc.method"]]).toSorted(), [
      ["Chat/Ask", "Chat/Ask"],
      ["_OTHER", "_OTHER"],
      ["_OTHER", "_OTHER"],
      ...name === "gRPC" ? [] : [["_OTHER", "_OTHER"]],
    ]);
    for (const { attributes, status } of all) {
      for (const value of Object.values(attributes)) assert(String(value).length <= 1_024, String(value));
      assert((status.message ?? "").length <= 1_024);
      assert(String(attributes["ttstream.canceled_by"] ?? "").length <= 256);
    }
  });

  Deno.test(`tracing: an error that cannot be looked at ends its span as any other (${name})`, async () => {
    class Hostile extends Error {
      override get message(): string {
        throw new Error("no message");
      }
      override get name(): string {
        throw new Error("no name");
      }
    }
    const { server } = await spansOf(
      make,
      () => Promise.reject(new Hostile()),
      async (connection) => await rejection(read(connection)),
    );
    assertEquals([server?.attributes["error.type"], server?.status.code], ["Error", SpanStatusCode.ERROR]);
  });

  Deno.test(`tracing: the calls of a handler belong to its span (${name})`, async () => {
    using spans = new Spans();
    {
      await using last = listen((stream) => stream.sendAll(stream.readable), spans, make());
      await using next = await connectTo(last, spans, make(), "ServiceB");
      const relay = async (stream: ServerStream) => {
        // Whatever waits in between, the context goes on.
        const [first] = await Array.fromAsync(stream.readable);
        const call = next.openStream(TARGET, { parent: stream });
        if (first !== undefined) await call.send(first);
        await call.writable.close();
        await stream.sendAll(call.readable);
      };
      await using first = listen(relay, spans, make());
      await using connection = await connectTo(first, spans, make(), "ServiceA");
      await read(connection);
    }
    const [a, b, toC, c, ...more] = spans.ended;
    assertEquals(more, []);
    assertEquals([a?.kind, b?.kind, toC?.kind, c?.kind], [
      SpanKind.CLIENT,
      SpanKind.SERVER,
      SpanKind.CLIENT,
      SpanKind.SERVER,
    ]);
    assert(isChild(b, a) && isChild(toC, b) && isChild(c, toC));
  });
}

Deno.test("tracing: gRPC's trace context is metadata as well, for whoever is not Kitex", async () => {
  using spans = new Spans();
  let came: ReadonlyMap<string, string> = new Map();
  await using server = serveLocally((stream) => {
    came = stream.metadata;
  }, { protocols: [grpc()] });
  await using connection = await connectTo(server, spans, grpc(), "ServiceA");
  await Array.fromAsync(connection.openStream(TARGET).readable);
  const [span] = spans.ended;
  const { traceId = "", spanId = "" } = span?.spanContext() ?? {};
  assertEquals(came.get("traceparent"), `00-${traceId}-${spanId}-01`);
  assertEquals(came.get("rpc-transit-traceparent"), came.get("traceparent"));
});

Deno.test("tracing: a trace context in metadata alone is read, too (gRPC)", async () => {
  using spans = new Spans();
  {
    await using server = listen(() => {}, spans, grpc());
    const { hostname, port } = server.addr;
    await using connection = await connect({ hostname, port, protocol: grpc() });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await Array.fromAsync(connection.openStream(TARGET, { metadata: { traceparent } }).readable);
  }
  assertEquals(spans.ended[0]?.spanContext().traceId, "0af7651916cd43dd8448eb211c80319c");
  assertEquals(spans.ended[0]?.parentSpanContext?.spanId, "b7ad6b7169203331");
});

Deno.test("tracing: a status error of gRPC has the name of its code", async () => {
  using spans = new Spans();
  {
    await using server = listen(
      () => Promise.reject(new GrpcError(GrpcStatus.ResourceExhausted, "too many tokens")),
      spans,
      grpc(),
    );
    await using connection = await connectTo(server, spans, grpc(), "ServiceA");
    await rejection(Array.fromAsync(connection.openStream(TARGET).readable));
  }
  assertEquals(spans.ended.map(({ attributes }) => attributes["rpc.status_code"]), [
    "RESOURCE_EXHAUSTED",
    "RESOURCE_EXHAUSTED",
  ]);
});
