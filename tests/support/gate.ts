import type { ByteDuplex } from "../../mod.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import type { Frame } from "../../src/ttheader/frame.ts";

/** A transport that takes nothing of what is written until it is opened, and gives only what the test gives it. */
export class Gate {
  readonly duplex: ByteDuplex;
  readonly #decoder = new FrameDecoder(64 * 1024 * 1024);
  readonly #opened = Promise.withResolvers<void>();
  #incoming: ReadableStreamDefaultController<Uint8Array> | undefined;
  #frames: Frame[] = [];
  #arrival: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor() {
    this.duplex = {
      readable: new ReadableStream({ start: (controller) => void (this.#incoming = controller) }),
      writable: new WritableStream({
        write: async (bytes) => {
          await this.#opened.promise;
          this.#take(bytes);
        },
      }),
    };
  }

  /** Takes all from now on. */
  open(): void {
    this.#opened.resolve();
  }

  /** Gives bytes to the near end. */
  give(bytes: Uint8Array): void {
    this.#incoming?.enqueue(bytes);
  }

  /** Hangs up. */
  hangUp(): void {
    this.#incoming?.close();
  }

  /** The frames that have left, once there is one for which `last` holds. */
  async framesTo(last: (frame: Frame) => boolean): Promise<Frame[]> {
    while (!this.#frames.some(last)) await this.#arrival.promise;
    return this.#frames;
  }

  #take(bytes: Uint8Array): void {
    this.#decoder.push(new Uint8Array(bytes));
    for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
      this.#frames.push(frame);
    }
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }
}
