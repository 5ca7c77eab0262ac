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
import { reasonText } from "../base/reason.ts";
import { isStreamError } from "../core/errors.ts";
import type { Observer, StreamEnd, StreamEvents, StreamInfo } from "../core/observer.ts";
import {
  addressOf,
  endAttributesOf,
  methodAttributesOf,
  methodOf,
  OTHER,
  type Outcome,
  outcomeOf,
  systemOf,
  textOf,
} from "./attributes.ts";
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
 * A stream whose service or method a server does not know is called `_OTHER` (OpenTelemetry's semantic conventions for
 * RPC, v1.44), and so is one that ended before its handler was called: what strangers send must not become names. At a
 * server `rpc.method` is therefore set at the end. Names are cut at 256 characters, texts at 1,024.
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
  const { remoteAddr } = info;
  const known: Attributes = { "rpc.method": methodOf(info), ...addressOf(info) };
  const span = start(info, SpanKind.CLIENT, parent, tracer, known);
  const carrier: Carrier = new Map();
  propagator.inject(trace.setSpan(parent, span), carrier, setter);
  return {
    ...sentWith(carrier, info),
    ended(end) {
      // A pool knows the server's address only later.
      const late = remoteAddr === undefined ? addressOf(info) : {};
      finish(span, info, end, outcomeOf(info, end, true), late);
    },
  };
}

function server(info: StreamInfo, tracer: Tracer, propagator: Propagator): StreamEvents {
  const parent = propagator.extract(ROOT_CONTEXT, cameWith(info), getter);
  const span = start(info, SpanKind.SERVER, parent, tracer, addressOf(info));
  const within = trace.setSpan(parent, span);
  let ran = false;
  return {
    run(task) {
      ran = true;
      return context.with(within, task);
    },
    ended(end) {
      const outcome = outcomeOf(info, end, ran);
      if (outcome.unknownMethod) span.updateName(OTHER).setAttribute("rpc.method_original", methodOf(info));
      // Not before: it is a stranger's word until then, and Deno exports what is set twice twice.
      finish(span, info, end, outcome, methodAttributesOf(info, outcome));
    },
  };
}

function start(
  info: StreamInfo,
  kind: SpanKind,
  parent: Context,
  tracer: Tracer,
  known: Attributes,
): Span {
  const attributes: Attributes = { ...systemOf(info), ...known };
  return tracer.startSpan(methodOf(info), { kind, attributes, startTime: info.startedAt }, parent);
}

function finish(span: Span, info: StreamInfo, end: StreamEnd, outcome: Outcome, late: Attributes): void {
  const { error } = end;
  if (span.isRecording()) {
    const attributes = Object.assign(late, endAttributesOf(outcome));
    attributes["ttstream.messages.sent"] = end.sentMessages;
    attributes["ttstream.messages.received"] = end.receivedMessages;
    if (isStreamError(error) && error.cancelPath.length > 0) {
      attributes["ttstream.cancel_path"] = textOf(error.cancelPath.join(" -> "));
    }
    if (outcome.canceledBy !== undefined) attributes["ttstream.canceled_by"] = outcome.canceledBy;
    if (outcome.canceled) attributes["ttstream.cancel_reason"] = textOf(reasonText(error));
    span.setAttributes(attributes);
    if (end.firstMessageMs !== undefined) span.addEvent("first message", info.startedAt + end.firstMessageMs);
    if (outcome.errorType !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: textOf(reasonText(error)) });
    }
  }
  span.end(info.startedAt + end.durationMs);
}
