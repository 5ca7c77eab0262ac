/** Multiplied by this, 32 bits are well mixed from below (Knuth's multiplicative hashing; Murmur's finalizer does the same twice). */
const MIX = 0x9e3779b1;

/** Slots of a new table: most connections have few streams at a time. A power of two, as every size of a table. */
const INITIAL_SLOTS = 16;

/**
 * Values by stream id: a hash table with open addressing.
 *
 * A Map would do but for one thing: V8 replaces its storage again and again while entries come and go, and each old
 * storage points to the next. Once one of them is old to the garbage collector, all streams that ever were in a later
 * one look alive to it, until it looks at the whole heap: a fifth of the time went into copying the dead.
 */
export class IdTable<T> {
  #ids = new Int32Array(INITIAL_SLOTS);
  /** `undefined` where a slot is free. */
  #values: (T | undefined)[] = new Array(INITIAL_SLOTS).fill(undefined);
  #size = 0;
  /** Every table's own, so that no peer can pick ids that share a slot: finding one would take as long as there are ids. */
  readonly #seed = Math.random() * 2 ** 32 | 0;

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    return this.#values[this.#find(id)];
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** Adds a value, or replaces the one that the id has. */
  set(id: number, value: T): void {
    if (this.#size * 2 >= this.#ids.length) this.#grow();
    const slot = this.#find(id);
    if (this.#values[slot] === undefined) this.#size++;
    this.#ids[slot] = id;
    this.#values[slot] = value;
  }

  /** Removes the id's value; false where it has none. */
  delete(id: number): boolean {
    const ids = this.#ids;
    const values = this.#values;
    const mask = ids.length - 1;
    let free = this.#find(id);
    if (values[free] === undefined) return false;
    values[free] = undefined;
    this.#size--;
    // Those behind it that would have been in the free slot, had it been free, move up: a search ends at a free slot.
    for (let slot = free + 1 & mask; values[slot] !== undefined; slot = slot + 1 & mask) {
      const home = this.#hash(ids[slot] ?? 0) & mask;
      if ((slot - home & mask) < (slot - free & mask)) continue;
      ids[free] = ids[slot] ?? 0;
      values[free] = values[slot];
      values[slot] = undefined;
      free = slot;
    }
    return true;
  }

  clear(): void {
    this.#ids = new Int32Array(INITIAL_SLOTS);
    this.#values = new Array(INITIAL_SLOTS).fill(undefined);
    this.#size = 0;
  }

  /** All values as they are now, by their ids. */
  values(): T[] {
    const ids = this.#ids.filter((_, slot) => this.#values[slot] !== undefined).sort();
    const values: T[] = [];
    for (const id of ids) {
      const value = this.get(id);
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  /** Calls `task` for all values, in no order; it must not add or remove any. */
  each(task: (value: T) => void): void {
    for (const value of this.#values) if (value !== undefined) task(value);
  }

  #hash(id: number): number {
    const mixed = Math.imul(id ^ this.#seed, MIX);
    return Math.imul(mixed ^ mixed >>> 15, MIX) >>> 8;
  }

  /** The slot of `id`, or the free one where it would go. */
  #find(id: number): number {
    const ids = this.#ids;
    const values = this.#values;
    const mask = ids.length - 1;
    let slot = this.#hash(id) & mask;
    while (values[slot] !== undefined && ids[slot] !== id) slot = slot + 1 & mask;
    return slot;
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    this.#ids = new Int32Array(ids.length * 2);
    this.#values = new Array(ids.length * 2).fill(undefined);
    for (const [slot, value] of values.entries()) {
      if (value === undefined) continue;
      const id = ids[slot] ?? 0;
      const to = this.#find(id);
      this.#ids[to] = id;
      this.#values[to] = value;
    }
  }
}
