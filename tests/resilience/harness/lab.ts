import { Child } from "./child.ts";
import type { GrpcOptions } from "../../../src/grpc/mod.ts";
import type { Lab, PlainOptions, Row, ServerChild } from "./row.ts";

/** The lab of one row: what it has started ends with it. */
export class RowLab implements Lab, AsyncDisposable {
  readonly quick: boolean;
  readonly appendices: string[] = [];
  readonly #say: (text: string) => void;
  readonly #protocol: Row["protocol"];
  readonly #children: Child[] = [];

  constructor({ protocol }: Row, quick: boolean, say: (text: string) => void) {
    this.#protocol = protocol;
    this.quick = quick;
    this.#say = say;
  }

  size(full: number, quick: number): number {
    return this.quick ? quick : full;
  }

  progress(text: string): void {
    this.#say(text);
  }

  appendix(markdown: string): void {
    this.appendices.push(markdown);
  }

  async server(
    options: PlainOptions = {},
    service: "Test" | "Interop" = "Test",
    grpc: GrpcOptions = {},
  ): Promise<ServerChild> {
    const child = Child.start("server", { service, options, ...this.#speaks(grpc) });
    this.#children.push(child);
    const { port } = await child.hello<{ port: number }>();
    return { child, port };
  }

  async client(grpc: GrpcOptions = {}): Promise<Child> {
    const child = Child.start("client", this.#speaks(grpc));
    this.#children.push(child);
    await child.hello();
    return child;
  }

  #speaks(grpc: GrpcOptions): { grpc?: GrpcOptions } {
    return this.#protocol === "grpc" ? { grpc } : {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(async (child) => {
      child.signal("SIGCONT"); // a stopped one cannot end
      await child[Symbol.asyncDispose]();
    }));
  }
}
