/** What is counted and measured of streams. */
import { assert, assertEquals } from "@std/assert";
import {
  type DataPoint,
  MeterProvider,
  type MetricData,
  MetricReader,
} from "npm:@opentelemetry/sdk-metrics@^2";
import { type Handler, implement, type ServerStream } from "../../mod.ts";
import { metrics } from "../../src/otel/mod.ts";
import { once } from "node:events";
import { bytes, text } from "../support/codecs.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { rejection } from "../support/rejection.ts";
import { defineService } from "../../mod.ts";

const TARGET = { service: "Chat", method: "Ask" };

/** Reads when it is asked to. */
class Reader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }

  async all(): Promise<Map<string, MetricData>> {
    const { resourceMetrics } = await this.collect();
    const found = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return new Map(found.map((metric) => [metric.descriptor.name, metric]));
  }
}

async function measured(handler: Handler, call: (stream: ReturnType<typeof open>) => Promise<unknown>) {
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
  const observers = [metrics({ meter })];
  {
    await using server = serveLocally(handler, { observers, onError: () => {} });
    await using connection = await connectTo(server, { observers, serviceName: "ServiceA" });
    await call(open(connection));
  }
  return await reader.all();
}

type Opener = Awaited<ReturnType<typeof connectTo>>;

function open(connection: Opener) {
  return connection.openStream(TARGET);
}

/** Sums and counts, by the attributes that tell them apart. */
function points(metric: MetricData | undefined): [value: number, attributes: Record<string, unknown>][] {
  const all: readonly DataPoint<unknown>[] = metric?.dataPoints ?? [];
  return all.map(({ value, attributes }) => [
    typeof value === "number" ? value : counted(value),
    Object.fromEntries(Object.entries(attributes).filter(([key]) => !/^rpc.system|^server/.test(key))),
  ]);
}

function counted(value: unknown): number {
  return typeof value === "object" && value !== null && "count" in value ? Number(value.count) : NaN;
}

Deno.test("metrics: a stream is a call at both ends, with its messages, and live no more", async () => {
  const found = await measured((stream) => stream.sendAll(stream.readable), async (stream) => {
    await stream.sendAll([bytes("a"), bytes("b"), bytes("c")]);
    assertEquals((await Array.fromAsync(stream.readable)).length, 3);
  });
  for (const side of ["client", "server"]) {
    const ok = { "rpc.method": "Chat/Ask", "rpc.status_code": "0" };
    assertEquals(points(found.get(`rpc.${side}.call.duration`)), [[1, ok]]);
    assertEquals(found.get(`rpc.${side}.call.duration`)?.descriptor.unit, "s");
    assertEquals(points(found.get(`ttstream.${side}.first_message.duration`)), [[1, {
      "rpc.method": "Chat/Ask",
    }]]);
    assertEquals(points(found.get(`ttstream.${side}.streams`)), [[0, {}]]);
    assertEquals(points(found.get(`ttstream.${side}.messages`)), [
      [3, { "rpc.method": "Chat/Ask", "ttstream.direction": "sent" }],
      [3, { "rpc.method": "Chat/Ask", "ttstream.direction": "received" }],
    ]);
    assert(
      !found.has(`ttstream.${side}.cancels`) || points(found.get(`ttstream.${side}.cancels`)).length === 0,
    );
  }
});

Deno.test("metrics: cancels are counted by code and by who", async () => {
  const running = Promise.withResolvers<void>();
  const never = async (stream: ServerStream) => {
    running.resolve();
    await once(stream.signal, "abort");
  };
  const found = await measured(never, async (stream) => {
    await stream.send(bytes("a"));
    await running.promise;
    await stream.cancel();
    await rejection(stream.closed);
  });
  assertEquals(points(found.get("ttstream.server.cancels")), [
    [1, { "rpc.method": "Chat/Ask", "rpc.status_code": "12007", "ttstream.canceled_by": "ServiceA" }],
  ]);
  const [[, attributes] = []] = points(found.get("rpc.server.call.duration"));
  assertEquals(attributes, { "rpc.method": "Chat/Ask", "rpc.status_code": "12007" });
});

Deno.test("metrics: a stream that is cancelled before its handler is called has no name of ours", async () => {
  const found = await measured(() => {}, async (stream) => {
    await stream.cancel();
    await rejection(stream.closed);
  });
  const [[, attributes] = []] = points(found.get("rpc.server.call.duration"));
  assertEquals(attributes, { "rpc.method": "_OTHER", "rpc.status_code": "12007" });
});

Deno.test("metrics: what a stranger calls a method is no name of ours", async () => {
  const Other = defineService("Other", { ask: { kind: "server", request: text, response: text } });
  const found = await measured(implement(Other, { async *ask() {} }), async (stream) => {
    await rejection(stream.closed);
  });
  for (const name of ["rpc.server.call.duration", "ttstream.server.streams"]) {
    for (const [, attributes] of points(found.get(name))) {
      assert(attributes["rpc.method"] === undefined || attributes["rpc.method"] === "_OTHER", name);
    }
  }
  assertEquals(points(found.get("rpc.server.call.duration")).map(([, attributes]) => attributes), [
    { "rpc.method": "_OTHER", "rpc.status_code": "12001", "error.type": "12001" },
  ]);
});
