import { concat, type Seen } from "./frames.ts";

/**
 * Finds the cancels on a wire of HTTP/2: the RST_STREAM frames that a client sends. What else goes by depends on windows,
 * on how headers are compressed and on when acknowledgements come, and no two programs do it alike. NO_ERROR is left out:
 * Kitex's client says it where the server has ended the stream first.
 */

const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;
const RST_STREAM = 3;
const NO_ERROR = 0;

export class Http2Reader {
  readonly #found: (frame: Seen) => void;
  readonly #client: boolean;
  #pending = new Uint8Array();
  #skip: number;

  constructor(found: (frame: Seen) => void, way: "c2s" | "s2c") {
    this.#found = found;
    this.#client = way === "c2s";
    this.#skip = this.#client ? PREFACE_BYTES : 0;
  }

  push(chunk: Uint8Array): void {
    let bytes = concat([this.#pending, chunk]);
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      bytes = bytes.subarray(skipped);
      if (bytes.length < HEAD_BYTES + 4) break; // no frame that is wanted is shorter
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const length = view.getUint32(0) >>> 8;
      if (view.getUint8(3) === RST_STREAM && this.#client) this.#reset(view);
      this.#skip = HEAD_BYTES + length;
    }
    this.#pending = bytes.slice();
  }

  #reset(view: DataView): void {
    const code = view.getUint32(HEAD_BYTES);
    if (code === NO_ERROR) return;
    const sid = view.getUint32(5) & 0x7fff_ffff;
    this.#found({
      type: "rst",
      sid,
      method: "",
      strings: { code: String(code) },
      payloadBytes: 0,
      payload: new Uint8Array(),
    });
  }
}
