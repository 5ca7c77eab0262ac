import { Collector, type ServiceSpan } from "./collector.ts";

/** What came of a cascade. */
export interface Cascade {
  readonly spans: readonly ServiceSpan[];
  readonly metrics: ReadonlySet<string>;
  /** What the caller printed. */
  readonly printed: string;
}

const root = new URL("../../", import.meta.url);

/** Three services, each a process with Deno's own OpenTelemetry: A calls B, which calls C, and cancels. */
export async function runCascade(): Promise<Cascade> {
  await using collector = new Collector();
  await using c = await Service.start("C", collector);
  await using b = await Service.start("B", collector, c.port);
  const caller = spawn("A", collector, ["call", b.port], "null");
  const { stdout } = await caller.output();
  await b[Symbol.asyncDispose]();
  await c[Symbol.asyncDispose]();
  return {
    spans: collector.spans,
    metrics: collector.metrics,
    printed: new TextDecoder().decode(stdout).trim(),
  };
}

function spawn(
  name: string,
  { endpoint }: Collector,
  args: readonly string[],
  stdin: "piped" | "null",
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "tests/otel/cascade_program.ts", ...args],
    cwd: root,
    env: {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    },
    stdin,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** A serving process. It has exported everything when it has ended. */
class Service implements AsyncDisposable {
  readonly port: string;
  readonly #process: Deno.ChildProcess;
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  #ended = false;

  private constructor(
    port: string,
    process: Deno.ChildProcess,
    stdout: ReadableStreamDefaultReader<Uint8Array>,
  ) {
    this.port = port;
    this.#process = process;
    this.#stdout = stdout;
  }

  static async start(name: string, collector: Collector, next?: string): Promise<Service> {
    const process = spawn(name, collector, next === undefined ? ["serve"] : ["serve", next], "piped");
    const stdout = process.stdout.getReader();
    const { value } = await stdout.read();
    return new Service(new TextDecoder().decode(value).trim(), process, stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#process.stdin.close();
    await this.#stdout.cancel();
    await this.#process.status;
  }
}
