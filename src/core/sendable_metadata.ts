import type { MetadataLimits } from "./dialect.ts";
import { checkPair } from "./metadata.ts";

/**
 * A handler's `header` or `trailer`: a Map that checks what goes in, and refuses changes once it has been sent.
 * The one subclass beside the errors: the API promises a real Map.
 */
export class SendableMetadata extends Map<string, string> {
  readonly #what: string;
  readonly #limits: MetadataLimits;
  #bytes = 0;
  #sent = false;

  /**
   * @param what How the user calls it, for the errors.
   * @param limits What its protocol can send.
   */
  constructor(what: string, limits: MetadataLimits) {
    super();
    this.#what = what;
    this.#limits = limits;
  }

  /** From now on it cannot be changed. */
  seal(): void {
    this.#sent = true;
  }

  /**
   * @throws {TypeError} If it has been sent, something is not a string, or the protocol cannot send such a key.
   * @throws {RangeError} If a key or a value is too long, or all of them too much for one header.
   */
  override set(key: string, value: string): this {
    this.#checkUnsent();
    checkPair(key, value, this.#what);
    const { maxBytes } = this.#limits;
    const size = this.#limits.sizeOf(this.#what, key, value);
    const bytes = this.#bytes - this.#pairSize(key) + size;
    if (bytes > maxBytes) {
      throw new RangeError(`the ${this.#what} of ${bytes} bytes exceeds the limit of ${maxBytes} bytes`);
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
    return value === undefined ? 0 : this.#limits.sizeOf(this.#what, key, value);
  }
}
