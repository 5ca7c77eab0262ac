import {
  type Attributes,
  type Context,
  context,
  propagation,
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
  systemNameOf,
  textOf,
} from "./attributes.ts";
import type { TextMapPropagator, Tracer } from "./types.ts";
import { cameWith, type Carrier, getter, sentWith, setter } from "./carrier.ts";
import { lightly, ROOT } from "./context.ts";

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
 * A span costs about as much as a short stream itself. Where streams are short and many, give the tracer's provider a
 * sampler, as `new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.01) })`: of a stream that it does not take
 * nothing is recorded here, and what remains is the trace's context, which still travels.
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
      return info.side === "client"
        ? new ClientSpan(info, tracer, propagator)
        : new ServerSpan(info, tracer, propagator);
    },
  };
}

/** A client's stream, and its span. A class, since objects of closures are a part of what a short stream costs. */
class ClientSpan implements StreamEvents {
  readonly metadata: StreamEvents["metadata"];
  readonly metainfo: StreamEvents["metainfo"];
  readonly #info: StreamInfo;
  readonly #span: Span;
  /** A pool knows the server's address only later. */
  readonly #addressed: boolean;

  constructor(info: StreamInfo, tracer: Tracer, propagator: Propagator) {
    const parent = lightly(context.active());
    this.#info = info;
    this.#addressed = info.remoteAddr !== undefined;
    const known = addressOf(info);
    known["rpc.method"] = methodOf(info);
    this.#span = start(info, SpanKind.CLIENT, parent, tracer, known);
    const carrier: Carrier = new Map();
    propagator.inject(trace.setSpan(parent, this.#span), carrier, setter);
    const { metadata, metainfo } = sentWith(carrier, info);
    this.metadata = metadata;
    this.metainfo = metainfo;
  }

  ended(end: StreamEnd): void {
    const info = this.#info;
    if (this.#span.isRecording()) {
      record(this.#span, info, end, outcomeOf(info, end, true), this.#addressed ? {} : addressOf(info));
    }
    this.#span.end(info.startedAt + end.durationMs);
  }
}

/** A server's stream, and its span. */
class ServerSpan implements StreamEvents {
  readonly #info: StreamInfo;
  readonly #span: Span;
  readonly #within: Context;
  #ran = false;

  constructor(info: StreamInfo, tracer: Tracer, propagator: Propagator) {
    const parent = propagator.extract(ROOT, cameWith(info), getter);
    this.#info = info;
    this.#span = start(info, SpanKind.SERVER, parent, tracer, addressOf(info));
    this.#within = trace.setSpan(lightly(parent), this.#span);
  }

  run<T>(task: () => T): T {
    this.#ran = true;
    return context.with(this.#within, task);
  }

  ended(end: StreamEnd): void {
    const info = this.#info;
    const span = this.#span;
    if (span.isRecording()) {
      const outcome = outcomeOf(info, end, this.#ran);
      if (outcome.unknownMethod) span.updateName(OTHER).setAttribute("rpc.method_original", methodOf(info));
      // Not before: it is a stranger's word until then, and Deno exports what is set twice twice.
      record(span, info, end, outcome, methodAttributesOf(info, outcome));
    }
    span.end(info.startedAt + end.durationMs);
  }
}

/** @param known The attributes at the start, the protocol but for; it becomes the span's. */
function start(
  info: StreamInfo,
  kind: SpanKind,
  parent: Context,
  tracer: Tracer,
  known: Attributes,
): Span {
  known["rpc.system.name"] = systemNameOf(info);
  return tracer.startSpan(methodOf(info), { kind, attributes: known, startTime: info.startedAt }, parent);
}

/** @param late The attributes that are known only now, the end's but for. */
function record(span: Span, info: StreamInfo, end: StreamEnd, outcome: Outcome, late: Attributes): void {
  const { error } = end;
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
