import { AsyncLocalStorageContextManager } from "npm:@opentelemetry/context-async-hooks@^2";
import { W3CTraceContextPropagator } from "npm:@opentelemetry/core@^2";
import { BasicTracerProvider } from "npm:@opentelemetry/sdk-trace-base@^2";
import { context } from "@opentelemetry/api";
import type { Observer } from "../../../mod.ts";
import { tracing } from "../../../src/otel/mod.ts";

/** Tracing by OpenTelemetry's own SDK: every span is recorded, and none leaves. */
export function traced(): Observer {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new BasicTracerProvider();
  return tracing({ tracer: provider.getTracer("bench"), propagator: new W3CTraceContextPropagator() });
}
