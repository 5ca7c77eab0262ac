import type { Bytes } from "../../base/buffer.ts";
import { illegal } from "../header_block.ts";

/** Nobody nests so deep; what the codecs take is theirs to say. */
const MAX_DEPTH = 64;

const Wire = { Stop: 0, String: 11, Struct: 12, Map: 13, Set: 14, List: 15 } as const;
/**
 * Sizes of the Thrift types that have a fixed one: void, bool, byte, double, i16, i32, i64. Nobody but Kitex's generic
 * server writes a void, where a method returns nothing, and with a byte behind it, as if it were an empty struct.
 */
const FIXED_SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8 };

/** What is being read: the fields of a struct, or so many values of alternating types. */
type Level =
  | { readonly type: "struct" }
  | { readonly type: "values"; readonly wires: readonly number[]; left: number };

/**
 * Finds the end of a Thrift message that has no length before it. It is fed the message's bytes as they come, looks at
 * each of them once, and keeps none.
 */
export class StructScanner {
  readonly #maxBytes: number;
  #size = 0;
  /** Bytes of a value that are passed over. */
  #skip = 0;
  /** The bytes of a number that have come: a message's head, a size, a field's or a container's head. */
  #head: number[] = [];
  #wanted: number;
  #then: () => void;
  readonly #levels: Level[] = [];
  #ended = false;

  /** @param maxBytes The largest message taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#wanted = 8; // version, type, the name's size
    this.#then = () => {
      this.#pass(this.#int32(4));
      this.#next(4, () => this.#enter({ type: "struct" })); // the sequence id
    };
  }

  /** How many bytes of the message have been seen. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes the next bytes of the message.
   *
   * @returns Whether it ends among them.
   * @throws {TTStreamError} 12004 if it is none, or one beyond the limit.
   */
  feed(bytes: Bytes): boolean {
    let at = 0;
    while (!this.#ended && at < bytes.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, bytes.length - at);
        this.#skip -= passed;
        at += passed;
        this.#size += passed;
      } else {
        this.#head.push(bytes[at++] ?? 0);
        this.#size++;
      }
      this.#settle();
    }
    if (this.#size > this.#maxBytes) throw tooLarge(this.#size, this.#maxBytes);
    return this.#ended;
  }

  #settle(): void {
    while (!this.#ended && this.#skip === 0 && this.#head.length === this.#wanted) {
      const then = this.#then;
      then();
      this.#head = [];
    }
  }

  #next(bytes: number, then: () => void): void {
    this.#wanted = bytes;
    this.#then = then;
  }

  #int32(at: number): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#head.slice(at, at + 4);
    return a << 24 | b << 16 | c << 8 | d;
  }

  /** Passes over so many bytes, which must be within the limit. */
  #pass(bytes: number): void {
    if (bytes < 0) throw illegal(`thrift message has a negative size: ${bytes}`);
    if (this.#size + bytes > this.#maxBytes) throw tooLarge(this.#size + bytes, this.#maxBytes);
    this.#skip = bytes;
  }

  #passThenGo(bytes: number): void {
    this.#pass(bytes);
    this.#next(0, () => this.#go());
  }

  #enter(level: Level): void {
    if (this.#levels.length === MAX_DEPTH) throw illegal(`thrift message is nested deeper than ${MAX_DEPTH}`);
    this.#levels.push(level);
    this.#go();
  }

  /** What comes next on the level at hand. */
  #go(): void {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      if (level.type === "struct") return this.#next(1, () => this.#field());
      if (level.left > 0) {
        const wire = level.wires[level.left % level.wires.length] ?? Wire.Stop;
        level.left--;
        return this.#value(wire);
      }
      this.#levels.pop();
    }
    this.#ended = true;
  }

  #field(): void {
    const [wire = 0] = this.#head;
    if (wire !== Wire.Stop) return this.#next(2, () => this.#value(wire)); // the field's id
    this.#levels.pop();
    this.#go();
  }

  #value(wire: number): void {
    const fixed = FIXED_SIZES[wire];
    if (fixed !== undefined) return this.#passThenGo(fixed);
    switch (wire) {
      case Wire.String:
        return this.#next(4, () => this.#passThenGo(this.#int32(0)));
      case Wire.Struct:
        return this.#enter({ type: "struct" });
      case Wire.List:
      case Wire.Set:
        return this.#next(5, () => this.#container([this.#head[0] ?? 0], this.#int32(1)));
      case Wire.Map:
        return this.#next(6, () => this.#container([this.#head[0] ?? 0, this.#head[1] ?? 0], this.#int32(2)));
      default:
        throw illegal(`thrift message has a value of the unknown type ${wire}`);
    }
  }

  #container(wires: readonly number[], count: number): void {
    // A value has a byte at least: a count that cannot be is known before the first of them.
    const left = count * wires.length;
    if (count < 0) throw illegal(`thrift message has a negative count: ${count}`);
    if (this.#size + left > this.#maxBytes) throw tooLarge(this.#size + left, this.#maxBytes);
    const each = wires.reduce((sum, wire) => sum + (FIXED_SIZES[wire] ?? NaN), 0);
    if (!Number.isNaN(each)) return this.#passThenGo(each * count);
    this.#enter({ type: "values", wires, left });
  }
}

function tooLarge(bytes: number, maxBytes: number): Error {
  return illegal(`thrift message of ${bytes} bytes or more exceeds the limit of ${maxBytes} bytes`);
}
