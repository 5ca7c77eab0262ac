/**
 * Traces and metrics of streams, by OpenTelemetry: observers for the option `observers` of `connect`, `createPool` and
 * `serve`, on `@opentelemetry/api`. With `OTEL_DENO=true` nothing is to be set up.
 *
 * @example
 * ```ts
 * import { serve } from "@ttstream/ttstream";
 * import { metrics, tracing } from "@ttstream/ttstream/otel";
 *
 * const server = serve({ port: 8888, observers: [tracing(), metrics()] }, (stream) => stream.sendAll(stream.readable));
 * ```
 *
 * @module
 */
export { type Propagator, tracing, type TracingOptions } from "./tracing.ts";
export { metrics, type MetricsOptions } from "./metrics.ts";
export type { Carrier } from "./carrier.ts";
export type { Meter, TextMapPropagator, Tracer } from "./types.ts";
export type { Observer, StreamEnd, StreamEvents, StreamInfo } from "../core/observer.ts";
export type { Metadata, MetadataInit, Metainfo, MetainfoInit } from "../core/metadata.ts";
export type { ProtocolName } from "../core/dialect.ts";
export type { Addr, NetAddr, UnixAddr, VsockAddr } from "../net/address.ts";
export type { BizStatusError, ErrorKind, Side, StreamError, StreamErrorOptions } from "../core/errors.ts";
