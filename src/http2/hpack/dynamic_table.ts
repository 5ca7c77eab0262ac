import { fieldBytes, type HeaderField } from "./field.ts";

/** The size of both dynamic tables until something else is agreed on (RFC 9113 6.5.2). */
export const DEFAULT_TABLE_BYTES = 4096;

/** The ring's first size; a table of 4096 bytes holds 128 fields at most. */
const FIRST_SLOTS = 16;

/**
 * A dynamic table (RFC 7541 2.3.2): first in, first out, bounded by bytes. A field's number is how many were added
 * before it; the ring keeps the field with number `n` in slot `n` modulo its size, a power of two.
 */
export class DynamicTable {
  readonly #evicted: ((field: HeaderField) => void) | undefined;
  #ring: (HeaderField | undefined)[] = [];
  #length = 0;
  #added = 0;
  #bytes = 0;
  #maxBytes: number;

  /**
   * @param maxBytes The bytes it may hold, by {@linkcode fieldBytes}.
   * @param evicted Told each field that leaves, the oldest first.
   */
  constructor(maxBytes: number, evicted?: (field: HeaderField) => void) {
    this.#maxBytes = maxBytes;
    this.#evicted = evicted;
  }

  /** How many fields it holds. */
  get length(): number {
    return this.#length;
  }

  /** How many fields were ever added to it. */
  get added(): number {
    return this.#added;
  }

  /** The bytes it may hold. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** The field that is `age` fields old: 0 is the newest. */
  at(age: number): HeaderField | undefined {
    return age < this.#length ? this.#ring[(this.#added - 1 - age) & (this.#ring.length - 1)] : undefined;
  }

  /** Adds a field and evicts what no longer fits; one that is larger than the table empties it (RFC 7541 4.4). */
  add(field: HeaderField): void {
    const size = fieldBytes(field[0], field[1]);
    if (size > this.#maxBytes) return this.clear();
    this.#shrink(this.#maxBytes - size);
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[this.#added & (this.#ring.length - 1)] = field;
    this.#added++;
    this.#length++;
    this.#bytes += size;
  }

  /** Evicts every field. */
  clear(): void {
    this.#shrink(0);
  }

  /** Changes the bytes it may hold, and evicts what no longer fits. */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#shrink(maxBytes);
  }

  #shrink(bytes: number): void {
    while (this.#bytes > bytes) {
      const slot = (this.#added - this.#length) & (this.#ring.length - 1);
      const oldest = this.#ring[slot];
      if (oldest === undefined) return;
      this.#ring[slot] = undefined;
      this.#length--;
      this.#bytes -= fieldBytes(oldest[0], oldest[1]);
      this.#evicted?.(oldest);
    }
  }

  #grow(): void {
    const ring: (HeaderField | undefined)[] = new Array(Math.max(FIRST_SLOTS, this.#ring.length * 2));
    const first = this.#added - this.#length;
    for (let n = first; n < this.#added; n++) {
      ring[n & (ring.length - 1)] = this.#ring[n & (this.#ring.length - 1)];
    }
    this.#ring = ring;
  }
}
