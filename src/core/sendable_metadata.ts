import { HEADER_UNIT, MAX_HEADER_BYTES, MAX_STRING_BYTES } from "../ttheader/frame.ts";
import { checkPair } from "./metadata.ts";

const utf8 = new TextEncoder();

/** The sizes that stand before a key and its value. */
const PAIR_OVERHEAD_BYTES = 4;
/** What a header block holds beside the pairs and the method's name, padding included. */
const FIXED_BYTES = 16 + HEADER_UNIT;

/**
 * A handler's `header` or `trailer`: a Map that checks what goes in, and refuses changes once it has been sent.
 * The one subclass beside the errors: the API promises a real Map.
 */
export class SendableMetadata extends Map<string, string> {
  readonly #what: string;
  readonly #maxBytes: number;
  #bytes = 0;
  #sent = false;

  /**
   * @param what How the user calls it, for the errors.
   * @param method The method that its frame names.
   */
  constructor(what: string, method: string) {
    super();
    this.#what = what;
    this.#maxBytes = MAX_HEADER_BYTES - FIXED_BYTES - byteLength(method);
  }

  /** From now on it cannot be changed. */
  seal(): void {
    this.#sent = true;
  }

  /**
   * @throws {TypeError} If it has been sent, or something is not a string.
   * @throws {RangeError} If a key or a value is over 65,535 bytes, or all of them too much for one frame.
   */
  override set(key: string, value: string): this {
    this.#checkUnsent();
    checkPair(key, value, this.#what);
    const size = this.#sizeOf(key, key) + this.#sizeOf(key, value) + PAIR_OVERHEAD_BYTES;
    const bytes = this.#bytes - this.#pairSize(key) + size;
    if (bytes > this.#maxBytes) {
      throw new RangeError(
        `the ${this.#what} of ${bytes} bytes exceeds the limit of ${this.#maxBytes} bytes`,
      );
    }
    this.#bytes = bytes;
    return super.set(key, value);
  }

  /** @throws {TypeError} If it has been sent. */
  override delete(key: string): boolean {
    this.#checkUnsent();
    this.#bytes -= this.#pairSize(key);
    return super.delete(key);
  }

  /** @throws {TypeError} If it has been sent. */
  override clear(): void {
    this.#checkUnsent();
    this.#bytes = 0;
    super.clear();
  }

  #checkUnsent(): void {
    if (this.#sent) throw new TypeError(`the ${this.#what} has been sent and cannot be changed`);
  }

  #pairSize(key: string): number {
    const value = this.get(key);
    return value === undefined ? 0 : byteLength(key) + byteLength(value) + PAIR_OVERHEAD_BYTES;
  }

  #sizeOf(key: string, text: string): number {
    const size = byteLength(text);
    if (size <= MAX_STRING_BYTES) return size;
    const name = key.length > 64 ? `${key.slice(0, 64)}…` : key;
    throw new RangeError(
      `the ${this.#what}: "${name}" has ${size} bytes, the limit is ${MAX_STRING_BYTES} bytes`,
    );
  }
}

function byteLength(text: string): number {
  return utf8.encode(text).length;
}
