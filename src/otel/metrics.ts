import { metrics as api } from "@opentelemetry/api";
import type { Observer, StreamEvents } from "../core/observer.ts";
import type { Meter } from "./types.ts";
import { addressOf, endAttributesOf, methodAttributesOf, outcomeOf, systemOf } from "./attributes.ts";

/** Options of {@linkcode metrics}. */
export interface MetricsOptions {
  /** What makes the instruments. Default: the global one. */
  meter?: Meter | undefined;
}

/** From 5 ms, of a call, to 10 minutes, of a long answer; in seconds. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/**
 * Measures the streams of clients and servers. Attributes are as those of the spans of {@linkcode tracing}.
 *
 * | instrument | what | attributes beside `rpc.system.name` and `rpc.method` |
 * | --- | --- | --- |
 * | `rpc.client.call.duration`, `rpc.server.call.duration` | histogram of seconds | `rpc.status_code`, `error.type`; at clients `server.address`, `server.port` |
 * | `ttstream.client.streams`, `ttstream.server.streams` | how many are live, by protocol: whether the server knows the method shows only later | none of the method |
 * | `ttstream.client.first_message.duration`, `ttstream.server.first_message.duration` | histogram of seconds until the server's first message | |
 * | `ttstream.client.messages`, `ttstream.server.messages` | messages of streams that have ended | `ttstream.direction`: `sent` or `received` |
 * | `ttstream.client.cancels`, `ttstream.server.cancels` | streams that were cancelled | `rpc.status_code`, `ttstream.canceled_by` where that is known |
 *
 * `rpc.method` is `_OTHER` where a server does not know the method, or has not called the handler.
 * `ttstream.canceled_by` is what peers say: where strangers connect, leave it out by a view.
 *
 * @example
 * ```ts
 * import { connect } from "@ttstream/ttstream";
 * import { metrics, tracing } from "@ttstream/ttstream/otel";
 *
 * const options: Parameters<typeof connect>[0] = { port: 8888, observers: [tracing(), metrics()] };
 * ```
 */
export function metrics(options: MetricsOptions = {}): Observer {
  const meter = options.meter ?? api.getMeter("@ttstream/ttstream");
  const sides = { client: new Instruments(meter, "client"), server: new Instruments(meter, "server") };
  return {
    opened(info): StreamEvents {
      const instruments = sides[info.side];
      const protocol = systemOf(info);
      let ran = info.side === "client";
      instruments.streams.add(1, protocol);
      return {
        run(task) {
          ran = true;
          return task();
        },
        ended(end) {
          instruments.streams.add(-1, protocol);
          const outcome = outcomeOf(info, end, ran);
          const named = { ...protocol, ...methodAttributesOf(info, outcome) };
          const server = info.side === "client" ? addressOf(info) : {};
          instruments.duration.record(end.durationMs / 1000, {
            ...named,
            ...endAttributesOf(outcome),
            ...server,
          });
          if (end.firstMessageMs !== undefined) {
            instruments.firstMessage.record(end.firstMessageMs / 1000, named);
          }
          if (end.sentMessages > 0) {
            instruments.messages.add(end.sentMessages, { ...named, "ttstream.direction": "sent" });
          }
          if (end.receivedMessages > 0) {
            instruments.messages.add(end.receivedMessages, { ...named, "ttstream.direction": "received" });
          }
          if (!outcome.canceled) return;
          const by = outcome.canceledBy === undefined ? {} : { "ttstream.canceled_by": outcome.canceledBy };
          instruments.cancels.add(1, { ...named, "rpc.status_code": outcome.status, ...by });
        },
      };
    },
  };
}

class Instruments {
  readonly duration;
  readonly firstMessage;
  readonly streams;
  readonly messages;
  readonly cancels;

  constructor(meter: Meter, side: "client" | "server") {
    const seconds = { unit: "s", advice: { explicitBucketBoundaries: BOUNDARIES } };
    this.duration = meter.createHistogram(`rpc.${side}.call.duration`, {
      ...seconds,
      description: "Duration of streams and calls, from their header to their end",
    });
    this.firstMessage = meter.createHistogram(`ttstream.${side}.first_message.duration`, {
      ...seconds,
      description: "Time from a stream's header to the server's first message",
    });
    this.streams = meter.createUpDownCounter(`ttstream.${side}.streams`, {
      unit: "{stream}",
      description: "Live streams",
    });
    this.messages = meter.createCounter(`ttstream.${side}.messages`, {
      unit: "{message}",
      description: "Messages of streams that have ended",
    });
    this.cancels = meter.createCounter(`ttstream.${side}.cancels`, {
      unit: "{stream}",
      description: "Streams that were cancelled",
    });
  }
}
