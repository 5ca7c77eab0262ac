/**
 * Keeps what is printed by `console.error` while it is in scope, each call as one line, and out of the test's output.
 * A test that prints errors must not run beside another in the same process.
 */
export class CapturedErrors implements Disposable {
  /** What has been printed. */
  readonly lines: string[] = [];
  readonly #original = console.error;
  #arrival: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor() {
    console.error = (...values: unknown[]) => {
      this.lines.push(
        values.map((value) => value instanceof Error ? value.message : String(value)).join(" "),
      );
      this.#arrival.resolve();
      this.#arrival = Promise.withResolvers();
    };
  }

  /** Resolves with the lines as soon as there are `count` of them. */
  async count(count: number): Promise<string[]> {
    while (this.lines.length < count) await this.#arrival.promise;
    return this.lines;
  }

  [Symbol.dispose](): void {
    console.error = this.#original;
  }
}
