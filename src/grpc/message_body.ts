import type { Bytes } from "../base/buffer.ts";

/**
 * Beside what has come, a message gets room for a third of it, and for some bytes: its length is only a promise, and
 * a thousand streams may each hold a part of one. Room for as much again would double what the windows allow.
 */
const SPARE_PART = 1 / 3;
const SPARE_BYTES = 512;

/** A message that spans DATA frames. */
export class MessageBody {
  readonly length: number;
  #size = 0;
  /** Where the message is put together, once most of it has come. */
  #whole: Bytes | undefined;
  /** What has come before that. They are full, but for the last, which has room from `#lastSize`. */
  #blocks: Bytes[] | undefined;
  #lastSize = 0;

  constructor(length: number) {
    this.length = length;
  }

  /** How many bytes of it have come. */
  get size(): number {
    return this.#size;
  }

  /** Copies the next bytes in, no more than are missing. @returns The message, where it is whole. */
  add(bytes: Bytes): Bytes | undefined {
    const size = this.#size + bytes.length;
    const whole = this.#whole ?? this.#begunWhole(size);
    if (whole === undefined) this.#keep(bytes);
    else whole.set(bytes, this.#size);
    this.#size = size;
    return size === this.length ? whole : undefined;
  }

  #begunWhole(size: number): Bytes | undefined {
    if (size + spareBytes(size) < this.length) return undefined;
    const whole = new Uint8Array(this.length);
    const blocks = this.#blocks ?? [];
    let at = 0;
    for (const [index, block] of blocks.entries()) {
      const full = index < blocks.length - 1;
      whole.set(full ? block : block.subarray(0, this.#lastSize), at);
      at += block.length;
    }
    this.#blocks = undefined;
    return this.#whole = whole;
  }

  #keep(bytes: Bytes): void {
    const blocks = this.#blocks ??= [];
    const last = blocks.at(-1);
    const fits = last === undefined ? 0 : Math.min(bytes.length, last.length - this.#lastSize);
    if (last !== undefined && fits > 0) {
      last.set(bytes.subarray(0, fits), this.#lastSize);
      this.#lastSize += fits;
    }
    const rest = bytes.length - fits;
    if (rest === 0) return;
    const block = new Uint8Array(rest + spareBytes(this.#size + bytes.length));
    block.set(fits === 0 ? bytes : bytes.subarray(fits));
    blocks.push(block);
    this.#lastSize = rest;
  }
}

function spareBytes(size: number): number {
  return SPARE_BYTES + Math.floor(size * SPARE_PART);
}
