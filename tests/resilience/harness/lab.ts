import { FrameType } from "../../../src/wire/frame.ts";
import { encodeFrames } from "../../support/wire_peer.ts";
import { Child } from "./child.ts";
import { wait } from "./measure.ts";
import { header, Raw } from "./raw.ts";
import type { Lab, PlainOptions, ServerChild } from "./row.ts";

/** The lab of one row: what it has started ends with it. */
export class RowLab implements Lab, AsyncDisposable {
  readonly quick: boolean;
  readonly appendices: string[] = [];
  readonly #say: (text: string) => void;
  readonly #children: Child[] = [];

  constructor(quick: boolean, say: (text: string) => void) {
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

  async server(options: PlainOptions = {}, service: "Test" | "Interop" = "Test"): Promise<ServerChild> {
    const child = Child.start("server", { service, options });
    this.#children.push(child);
    const { port } = await child.hello<{ port: number }>();
    await this.#warm(child, port);
    return { child, port };
  }

  /** The first connection makes Deno itself open two sockets that it keeps. */
  async #warm(child: Child, port: number): Promise<void> {
    using raw = await Raw.open(port);
    await raw.send(encodeFrames(header(1), { type: FrameType.Trailer }));
    await raw.read(({ type }) => type === FrameType.Trailer);
    raw.close();
    for (let last = 0, now = -1; last !== now;) {
      last = now;
      await wait(50);
      now = (await child.stats()).sockets;
    }
  }

  async client(): Promise<Child> {
    const child = Child.start("client", {});
    this.#children.push(child);
    await child.hello();
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(async (child) => {
      child.signal("SIGCONT"); // a stopped one cannot end
      await child[Symbol.asyncDispose]();
    }));
  }
}
