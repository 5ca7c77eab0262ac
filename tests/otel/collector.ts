/** A span as OTLP's JSON has it. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events?: readonly { readonly name: string; readonly timeUnixNano: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number };
}

interface Resource {
  readonly attributes: readonly OtlpAttribute[];
}

interface Traces {
  readonly resourceSpans: readonly {
    readonly resource: Resource;
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface Metrics {
  readonly resourceMetrics: readonly {
    readonly resource: Resource;
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

/** A span, and the service that it is of. */
export interface ServiceSpan extends OtlpSpan {
  readonly service: string;
}

/** Takes what services export, by OTLP over HTTP. */
export class Collector implements AsyncDisposable {
  readonly spans: ServiceSpan[] = [];
  /** `Service: metric`. */
  readonly metrics: Set<string> = new Set();
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#take(request),
  );

  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #take(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/traces") this.#traces(await request.json());
    else if (pathname === "/v1/metrics") this.#metrics(await request.json());
    else await request.body?.cancel();
    return Response.json({});
  }

  #traces({ resourceSpans }: Traces): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = attribute(resource, "service.name") ?? "";
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) this.spans.push({ ...span, service });
    }
  }

  #metrics({ resourceMetrics }: Metrics): void {
    for (const { resource, scopeMetrics } of resourceMetrics) {
      const service = attribute(resource, "service.name") ?? "";
      for (const { name } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
        this.metrics.add(`${service}: ${name}`);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** An attribute's value, as text. */
export function attribute(
  { attributes }: { readonly attributes: readonly OtlpAttribute[] },
  name: string,
): string | undefined {
  const value = attributes.find(({ key }) => key === name)?.value;
  return value?.stringValue ?? (value?.intValue === undefined ? undefined : String(value.intValue));
}
