import { parseReport, type Report, type ReportKind } from "./report.ts";

/** How to run one of the services. */
export interface ServiceInit {
  readonly name: string;
  /** The module beside this one. */
  readonly script: string;
  /** What it may do, and no more: flags of `deno run`. */
  readonly flags: readonly string[];
  readonly args?: readonly string[] | undefined;
}

/** Milliseconds that a service gets to end by itself; then it is killed. */
const ENDING_MS = 1_500;

/** A service in a process of its own, and what it reports. The end of the scope ends it. */
export class ServiceProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;

  constructor({ name, script, flags, args = [] }: ServiceInit) {
    this.name = name;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...flags, import.meta.resolve(script), ...args],
      // Its input is its lifeline: it closes with this process, whatever ends that.
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
  }

  /**
   * The service's next report.
   *
   * @throws (rejects) Error if it reports anything else, or has ended.
   */
  async next(kind: ReportKind): Promise<Report> {
    const { done, value: line } = await this.#lines.next();
    if (done && kind === "listening") throw new Error(`${this.name} did not start`);
    if (done) throw new Error(`${this.name} ended before it said "${kind}"`);
    const report = parseReport(line);
    if (report?.kind !== kind) throw new Error(`${this.name} was to say "${kind}", and said: ${line}`);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const killing = setTimeout(() => this.#child.kill("SIGKILL"), ENDING_MS);
    // The service may be gone already, and its input with it.
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
    clearTimeout(killing);
  }
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
