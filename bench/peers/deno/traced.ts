import { AsyncLocalStorageContextManager } from "npm:@opentelemetry/context-async-hooks@^2";
import { W3CTraceContextPropagator } from "npm:@opentelemetry/core@^2";
import { AlwaysOffSampler, BasicTracerProvider } from "npm:@opentelemetry/sdk-trace-base@^2";
import { context } from "@opentelemetry/api";
import type { Observer } from "../../../mod.ts";
import { tracing } from "../../../src/otel/mod.ts";

/** Tracing by OpenTelemetry's own SDK: every span is recorded, or none is, and none leaves. */
export function traced({ recorded }: { readonly recorded: boolean }): Observer {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new BasicTracerProvider(recorded ? {} : { sampler: new AlwaysOffSampler() });
  return tracing({ tracer: provider.getTracer("bench"), propagator: new W3CTraceContextPropagator() });
}

/** Tracing by Deno itself, which `OTEL_DENO` switches on. */
export function tracedByDeno(): Observer {
  return tracing();
}
