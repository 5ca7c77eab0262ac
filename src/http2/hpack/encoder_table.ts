import { DynamicTable } from "./dynamic_table.ts";
import { fieldBytes, type HeaderField } from "./field.ts";
import { STATIC_TABLE } from "./static_table.ts";

/** What the table has under one name; numbers are those of {@linkcode DynamicTable}. */
interface Entry {
  newest: number;
  readonly values: Map<string, number>;
}

/** An encoder's dynamic table, which finds a field's index in constant time. A field is in it at most once. */
export class EncoderTable {
  readonly #names = new Map<string, Entry>();
  readonly #table: DynamicTable;

  /** @param maxBytes The bytes it may hold. */
  constructor(maxBytes: number) {
    this.#table = new DynamicTable(maxBytes, (field) => this.#forget(field));
  }

  /** The bytes it may hold. */
  get maxBytes(): number {
    return this.#table.maxBytes;
  }

  /**
   * The index that the peer's decoder knows a field by, behind the static table. It is negative where the name alone
   * is in the table, and 0 where not even that is.
   */
  find(name: string, value: string): number {
    const entry = this.#names.get(name);
    if (entry === undefined) return 0;
    const number = entry.values.get(value);
    return number === undefined ? -this.#index(entry.newest) : this.#index(number);
  }

  #index(number: number): number {
    return STATIC_TABLE.length + this.#table.added - number;
  }

  /** Whether a field can be in the table at all. */
  fits(name: string, value: string): boolean {
    return fieldBytes(name, value) <= this.#table.maxBytes;
  }

  /** Adds a field that fits and that {@linkcode find} did not find. */
  add(name: string, value: string): void {
    const number = this.#table.added;
    // It may evict the last field with this name: look the name up after it.
    this.#table.add([name, value]);
    const entry = this.#names.get(name);
    if (entry === undefined) {
      this.#names.set(name, { newest: number, values: new Map([[value, number]]) });
    } else {
      entry.newest = number;
      entry.values.set(value, number);
    }
  }

  /** Changes the bytes it may hold, and evicts what no longer fits. */
  resize(maxBytes: number): void {
    this.#table.resize(maxBytes);
  }

  /** Evicts every field. */
  clear(): void {
    this.#table.clear();
  }

  #forget([name, value]: HeaderField): void {
    const values = this.#names.get(name)?.values;
    values?.delete(value);
    if (values?.size === 0) this.#names.delete(name);
  }
}
