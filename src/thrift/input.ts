import type { Bytes } from "../base/buffer.ts";
import { MAX_FILLED_BYTES } from "./absent.ts";
import { Fault } from "./errors.ts";
import { readUtf8 } from "./text.ts";
import { isFixedSize, leastSize, MAX_DEPTH, Wire, wireName } from "./wire.ts";

// Numbers of 8 bytes go through here: a DataView on each payload costs more than copying a few of them.
const wide = new DataView(new ArrayBuffer(8));

/** A payload and how far it has been read. All reads are checked; what is wrong is thrown as a {@linkcode Fault}. */
export class Input {
  readonly #bytes: Bytes;
  #at = 0;
  #filledBytes = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  /** How many bytes have not been read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Counts what takes memory here and nothing, or next to nothing, on the wire. */
  fill(bytes: number): void {
    this.#filledBytes = countFilled(this.#filledBytes, bytes);
  }

  #take(size: number, what: string): number {
    const at = this.#at;
    const next = at + size;
    if (next > this.#bytes.length) {
      throw new Fault(`cut short: ${what} takes ${count(size, "byte")}, ${this.left} left`);
    }
    this.#at = next;
    return at;
  }

  #int32(at: number): number {
    const bytes = this.#bytes;
    return (bytes[at] ?? 0) << 24 | (bytes[at + 1] ?? 0) << 16 | (bytes[at + 2] ?? 0) << 8 |
      (bytes[at + 3] ?? 0);
  }

  /** The type byte of a field, a container's elements or the stop. */
  wire(): number {
    return this.#bytes[this.#take(1, "type")] ?? 0;
  }

  /** The id of a field. */
  fieldId(): number {
    const at = this.#take(2, "field id");
    return ((this.#bytes[at] ?? 0) << 24 >> 16) | (this.#bytes[at + 1] ?? 0);
  }

  bool(): boolean {
    return this.#bytes[this.#take(1, "bool")] === 1;
  }

  byte(): number {
    return (this.#bytes[this.#take(1, "byte")] ?? 0) << 24 >> 24;
  }

  i16(): number {
    const at = this.#take(2, "i16");
    return ((this.#bytes[at] ?? 0) << 24 >> 16) | (this.#bytes[at + 1] ?? 0);
  }

  i32(): number {
    return this.#int32(this.#take(4, "i32"));
  }

  i64(): bigint {
    this.#loadWide(this.#take(8, "i64"));
    return wide.getBigInt64(0);
  }

  double(): number {
    this.#loadWide(this.#take(8, "double"));
    return wide.getFloat64(0);
  }

  #loadWide(at: number): void {
    wide.setInt32(0, this.#int32(at));
    wide.setInt32(4, this.#int32(at + 4));
  }

  string(): string {
    const size = this.#byteSize("string");
    const at = this.#at;
    const text = readUtf8(this.#bytes, at, at + size);
    if (text === undefined) throw new Fault("not UTF-8");
    this.#at = at + size;
    return text;
  }

  /** A view: nothing is copied. */
  binary(): Bytes {
    const size = this.#byteSize("binary");
    const at = this.#at;
    this.#at = at + size;
    // Not `subarray`: it is slower, and a subclass such as Node's Buffer would give its own kind.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, size);
  }

  /** The size of a string or binary, all of which is there. */
  #byteSize(what: string): number {
    const size = this.#int32(this.#take(4, "size"));
    if (size < 0) throw new Fault(`${what} of size ${size}`);
    if (size > this.left) throw new Fault(`${what} of ${count(size, "byte")}, ${this.left} left`);
    return size;
  }

  /** The size of a container whose elements take `least` bytes each, or more: there is room for all of them. */
  containerSize(what: string, least: number): number {
    const size = this.#int32(this.#take(4, "size"));
    if (size < 0) throw new Fault(`${what} of size ${size}`);
    if (size * least > this.left) {
      throw new Fault(
        `${what} of size ${size} takes ${count(size * least, "byte")} or more, ${this.left} left`,
      );
    }
    return size;
  }

  /** Passes over a value; `depth` counts the structs and containers around it. */
  skip(wire: number, depth: number): void {
    switch (wire) {
      case Wire.String: {
        const size = this.#byteSize("string");
        this.#at += size;
        return;
      }
      case Wire.Struct: {
        const inside = enter(depth);
        for (let field = this.wire(); field !== Wire.Stop; field = this.wire()) {
          this.fieldId();
          this.skip(field, inside);
        }
        return;
      }
      case Wire.List:
      case Wire.Set: {
        const inside = enter(depth);
        const element = this.wire();
        const least = leastSize(element) ?? 0;
        const size = this.containerSize(wireName(wire), least);
        if (isFixedSize(element)) this.#at += size * least;
        else for (let i = 0; i < size; i++) this.skip(element, inside);
        return;
      }
      case Wire.Map: {
        const inside = enter(depth);
        const key = this.wire();
        const value = this.wire();
        const size = this.containerSize("map", (leastSize(key) ?? 0) + (leastSize(value) ?? 0));
        for (let i = 0; i < size; i++) {
          this.skip(key, inside);
          this.skip(value, inside);
        }
        return;
      }
      default: {
        const size = leastSize(wire);
        if (size === undefined) throw new Fault(wireName(wire));
        this.#take(size, wireName(wire));
      }
    }
  }
}

/** The sum of what has been filled in; too much of it is a fault. */
export function countFilled(filledBytes: number, more: number): number {
  if (filledBytes + more > MAX_FILLED_BYTES) {
    throw new Fault(`absent fields and empty structs would take more than ${MAX_FILLED_BYTES} bytes`);
  }
  return filledBytes + more;
}

/** One step down into a struct or container. */
export function enter(depth: number): number {
  if (depth >= MAX_DEPTH) throw new Fault(`nested deeper than ${MAX_DEPTH}`, { outOfRange: true });
  return depth + 1;
}

/** A number of things. */
export function count(size: number, unit: string): string {
  return size === 1 ? `1 ${unit}` : `${size} ${unit}s`;
}
