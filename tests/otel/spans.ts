import { AsyncLocalStorageContextManager } from "npm:@opentelemetry/context-async-hooks@^2";
import { W3CTraceContextPropagator } from "npm:@opentelemetry/core@^2";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "npm:@opentelemetry/sdk-trace-base@^2";
import { context } from "@opentelemetry/api";
import type { Observer } from "../../mod.ts";
import { tracing } from "../../src/otel/mod.ts";

/** A tracer of its own, that keeps the spans; while it lives, async contexts are followed. */
export class Spans implements Disposable {
  readonly #exporter = new InMemorySpanExporter();
  readonly #provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });
  readonly observer: Observer = tracing({
    tracer: this.#provider.getTracer("test"),
    propagator: new W3CTraceContextPropagator(),
  });

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }

  /** Those that have ended: one without a parent among them first, then its child, and so on. */
  get ended(): ReadableSpan[] {
    const left = this.#exporter.getFinishedSpans();
    const ids = new Set(left.map((span) => span.spanContext().spanId));
    const sorted: ReadableSpan[] = [];
    let next = left.find(({ parentSpanContext }) => !ids.has(parentSpanContext?.spanId ?? ""));
    while (next !== undefined) {
      sorted.push(next);
      const parent = next;
      next = left.find((span) => isChild(span, parent));
    }
    return [...sorted, ...left.filter((span) => !sorted.includes(span))];
  }

  [Symbol.dispose](): void {
    context.disable();
  }
}

/** Whether `child` belongs to `parent`. */
export function isChild(child: ReadableSpan | undefined, parent: ReadableSpan | undefined): boolean {
  const context = parent?.spanContext();
  return context !== undefined && child?.parentSpanContext?.spanId === context.spanId &&
    child.spanContext().traceId === context.traceId;
}
