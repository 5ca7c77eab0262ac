/**
 * The types of `@opentelemetry/api` that this entry point's own speak of, by the names that they have there. What they
 * are made of is documented there: hence `@internal`, which ends the documentation's search here.
 */
import type * as api from "@opentelemetry/api";

/**
 * What makes spans.
 *
 * @internal
 */
export type Tracer = api.Tracer;

/**
 * What makes counters and histograms.
 *
 * @internal
 */
export type Meter = api.Meter;

/**
 * What writes and reads a trace's context.
 *
 * @internal
 */
export type TextMapPropagator<C> = api.TextMapPropagator<C>;
