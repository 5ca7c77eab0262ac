import type { ByteDuplex } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import type { Random } from "../support/random.ts";
import { encodeFrames, exceptionPayload, type FrameInit } from "../support/wire_peer.ts";
import { turns } from "../support/turns.ts";

/** Frames that no honest end sends at this moment, or no one at all. */
function strange(random: Random, streams: number, dir: "to server" | "to client"): FrameInit {
  const streamId = 1 + random.below(streams);
  const unknown = 1_000_000 + random.below(10);
  return random.pick<FrameInit>([
    { type: FrameType.Meta, streamId },
    { type: FrameType.Data, streamId: unknown, payload: new Uint8Array(100) },
    { type: FrameType.Trailer, streamId: unknown },
    { type: FrameType.Rst, streamId: unknown, payload: exceptionPayload({ type: 12007, message: "nobody" }) },
    { type: FrameType.Header, streamId, metadata: { isn: "Torture" } },
    { type: FrameType.Header, streamId, metadata: { isn: "Torture" } },
    // A proxy may cancel a stream towards the client. Towards the server only the client itself does: it would
    // wait for ever for the end of a stream that another has cancelled.
    dir === "to client"
      ? { type: FrameType.Rst, streamId, payload: exceptionPayload({ type: 12007, message: "proxy" }) }
      : { type: FrameType.Data, streamId: unknown },
  ]);
}

interface WireOptions {
  readonly random: Random;
  /** How many streams strange frames may be for; 0 sends none. */
  readonly tampered: number;
}

/** Two ends of an in-memory connection, with a wire between them that splits, delays, and can be cut. */
export class Wire {
  readonly client: ByteDuplex;
  readonly server: ByteDuplex;
  readonly #cut = new AbortController();
  readonly #pumps: Promise<void>[];

  constructor(options: WireOptions) {
    const [clientOut, clientIn] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    const [serverOut, serverIn] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    this.client = { readable: clientIn.readable, writable: clientOut.writable };
    this.server = { readable: serverIn.readable, writable: serverOut.writable };
    this.#pumps = [
      this.#pump(clientOut.readable, serverIn.writable, "to server", options),
      this.#pump(serverOut.readable, clientIn.writable, "to client", options),
    ];
  }

  cut(): void {
    this.#cut.abort(new Error("the wire was cut"));
  }

  async ended(): Promise<void> {
    await Promise.all(this.#pumps);
  }

  async #pump(
    from: ReadableStream<Uint8Array>,
    to: WritableStream<Uint8Array>,
    dir: "to server" | "to client",
    { random, tampered }: WireOptions,
  ): Promise<void> {
    const whim = new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        // An end writes whole frames: between two writes there is room for more.
        if (tampered > 0 && random.below(4) === 0) {
          controller.enqueue(encodeFrames(strange(random, tampered, dir)));
        }
        if (random.below(8) === 0) await turns(random.below(3));
        for (let at = 0; at < chunk.length;) {
          const size = random.below(4) === 0 ? 1 + random.below(40) : 1 + random.below(200_000);
          controller.enqueue(chunk.slice(at, at + size));
          at += size;
        }
      },
    });
    try {
      await from.pipeThrough(whim, { signal: this.#cut.signal }).pipeTo(to, { signal: this.#cut.signal });
    } catch {
      // It was cut, or an end hung up.
    }
  }
}
