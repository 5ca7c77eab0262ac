/**
 * Traces and metrics of streams, by OpenTelemetry: observers for the option `observers` of `connect`, `createPool` and
 * `serve`, on `@opentelemetry/api`. With `OTEL_DENO=true` nothing is to be set up.
 *
 * @example
 * ```ts
 * import { serve } from "@ttstream/ttstream";
 * import { metrics, tracing } from "@ttstream/ttstream/otel";
 *
 * const options: Parameters<typeof serve>[0] = { port: 8888, observers: [tracing(), metrics()] };
 * ```
 *
 * @module
 */
export { tracing, type TracingOptions } from "./tracing.ts";
export { metrics, type MetricsOptions } from "./metrics.ts";
export type { Carrier } from "./carrier.ts";
