import { concat } from "@std/bytes/concat";
import type { Bytes } from "./buffer.ts";

/** Pieces smaller than this are copied together. */
const CRUMB_BYTES = 4096;

/** The chunks of an unfinished frame, all but the last: kept as they came until the rest of it is there. */
export class ChunkPieces {
  #pieces: Bytes[] = [];
  #bytes = 0;

  /** How many bytes they have. */
  get bytes(): number {
    return this.#bytes;
  }

  keep(piece: Bytes): void {
    const pieces = this.#pieces;
    pieces.push(piece);
    this.#bytes += piece.length;
    // Crumbs are swept together, or a frame that comes byte by byte would cost a hundred bytes for each.
    for (let last = pieces.length - 1; last > 0; last--) {
      const tail = pieces[last];
      const before = pieces[last - 1];
      if (tail === undefined || before === undefined) return;
      if (before.length > tail.length || before.length >= CRUMB_BYTES) return;
      pieces.splice(last - 1, 2, concat([before, tail]));
    }
  }

  /** A copy of all of them with `rest` behind; they stay. */
  with(rest: Bytes): Bytes {
    return concat([...this.#pieces, rest]);
  }

  /** Copies all of them to the beginning of `target`. */
  copyTo(target: Bytes): void {
    let at = 0;
    for (const piece of this.#pieces) {
      target.set(piece, at);
      at += piece.length;
    }
  }

  clear(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }
}
