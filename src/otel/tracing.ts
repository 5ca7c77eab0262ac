import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { isStreamError } from "../core/errors.ts";
import type { Observer, StreamEnd, StreamEvents, StreamInfo } from "../core/observer.ts";
import { addressOf, attributesOf, endAttributesOf, methodOf, outcomeOf } from "./attributes.ts";
import type { TextMapPropagator, Tracer } from "./types.ts";
import { cameWith, type Carrier, getter, sentWith, setter } from "./carrier.ts";

/** What writes a trace's context into a carrier, and reads it: a `TextMapPropagator`, or `propagation` itself. */
export type Propagator = Pick<TextMapPropagator<Carrier>, "inject" | "extract">;

/** Options of {@linkcode tracing}. */
export interface TracingOptions {
  /** What makes the spans. Default: the global one. */
  tracer?: Tracer | undefined;
  /** What writes and reads a trace's context. Default: the global one. */
  propagator?: Propagator | undefined;
}

/**
 * Makes a span of each stream, at clients and at servers, and links them: a trace goes on through every service of a
 * chain, those of Kitex among them (with `kitex-contrib/obs-opentelemetry`).
 *
 * A span is called `Service/Method`. It has `rpc.system.name` (`ttheader_streaming` or `grpc`), `rpc.method`,
 * `rpc.status_code` (gRPC's name of the code, or the number of TTHeader Streaming's, 0 for a good end, or a business
 * error's), `error.type` where the stream failed, `server.address` and `server.port` at a client, `client.address` and
 * `client.port` at a server, and how many messages went and came. A cancel is no error; who cancelled stands in
 * `ttstream.cancel_path` and `ttstream.canceled_by`. The first message of the server's is an event of the span.
 * A stream whose service or method a server does not know is called `_OTHER` (OpenTelemetry's semantic conventions for RPC, v1.44).
 *
 * A handler runs within its span's context, so that what it calls belongs to it; where no context manager is set up,
 * only the services are linked. The context travels as transient metainfo (`RPC_TRANSIT_traceparent`), over gRPC as
 * metadata, too.
 *
 * With `OTEL_DENO=true` nothing is to be set up: Deno has a tracer, a propagator and a context manager of its own.
 *
 * @example
 * ```ts
 * import { serve } from "@ttstream/ttstream";
 * import { tracing } from "@ttstream/ttstream/otel";
 *
 * const server = serve({ port: 8888, observers: [tracing()] }, (stream) => stream.sendAll(stream.readable));
 * ```
 */
export function tracing(options: TracingOptions = {}): Observer {
  const tracer = options.tracer ?? trace.getTracer("@ttstream/ttstream");
  const propagator = options.propagator ?? propagation;
  return {
    opened(info: StreamInfo): StreamEvents {
      return info.side === "client" ? client(info, tracer, propagator) : server(info, tracer, propagator);
    },
  };
}

function client(info: StreamInfo, tracer: Tracer, propagator: Propagator): StreamEvents {
  const parent = context.active();
  const addressLater = info.remoteAddr === undefined;
  const span = start(info, SpanKind.CLIENT, parent, tracer);
  const carrier: Carrier = new Map();
  propagator.inject(trace.setSpan(parent, span), carrier, setter);
  return {
    ...sentWith(carrier, info),
    ended(end) {
      // A pool knows the server's address only now. Twice it must not be set: Deno's exporter would send both.
      if (addressLater) span.setAttributes(addressOf(info));
      finish(span, info, end);
    },
  };
}

function server(info: StreamInfo, tracer: Tracer, propagator: Propagator): StreamEvents {
  const parent = propagator.extract(ROOT_CONTEXT, cameWith(info), getter);
  const span = start(info, SpanKind.SERVER, parent, tracer);
  const within = trace.setSpan(parent, span);
  return { run: (task) => context.with(within, task), ended: (end) => finish(span, info, end) };
}

function start(info: StreamInfo, kind: SpanKind, parent: Context, tracer: Tracer): Span {
  const attributes: Attributes = { ...attributesOf(info), ...addressOf(info) };
  return tracer.startSpan(methodOf(info), { kind, attributes, startTime: info.startedAt }, parent);
}

function finish(span: Span, info: StreamInfo, end: StreamEnd): void {
  const { error } = end;
  const outcome = outcomeOf(info, end);
  if (span.isRecording()) {
    if (outcome.unknownMethod) span.updateName("_OTHER");
    span.setAttributes({
      ...endAttributesOf(info, outcome),
      "ttstream.messages.sent": end.sentMessages,
      "ttstream.messages.received": end.receivedMessages,
    });
    if (isStreamError(error) && error.cancelPath.length > 0) {
      span.setAttribute("ttstream.cancel_path", error.cancelPath.join(" -> "));
    }
    if (outcome.canceledBy !== undefined) span.setAttribute("ttstream.canceled_by", outcome.canceledBy);
    if (outcome.canceled && error !== undefined) span.setAttribute("ttstream.cancel_reason", error.message);
    if (end.firstMessageMs !== undefined) span.addEvent("first message", info.startedAt + end.firstMessageMs);
    if (outcome.errorType !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error?.message ?? "" });
    }
  }
  span.end(info.startedAt + end.durationMs);
}
