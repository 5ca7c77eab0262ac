/** A network between a browser and the chat that can go away without a word: nothing passes any more, and nothing closes. */
export class FrozenNetwork implements AsyncDisposable {
  readonly url: string;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.Conn>();
  readonly #running: Promise<unknown>[] = [];
  readonly #thawed = Promise.withResolvers<void>();
  #frozen = false;

  constructor(target: string) {
    this.url = `http://127.0.0.1:${this.#listener.addr.port}/`;
    this.#running.push(this.#accept(Number(new URL(target).port)));
  }

  /** From now on nothing passes. */
  freeze(): void {
    this.#frozen = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#thawed.resolve();
    for (const conn of this.#conns) this.#close(conn);
    await Promise.all(this.#running);
  }

  async #accept(port: number): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port });
      this.#conns.add(near).add(far);
      this.#running.push(this.#pass(near, far), this.#pass(far, near));
    }
  }

  async #pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        if (this.#frozen) await this.#thawed.promise;
        for (let sent = 0; sent < n;) sent += await to.write(buffer.subarray(sent, n));
      }
      if (this.#frozen) await this.#thawed.promise;
    } catch {
      // One of the two is gone: so is the other, as below.
    }
    this.#close(from);
    this.#close(to);
  }

  #close(conn: Deno.Conn): void {
    if (this.#conns.delete(conn)) conn.close();
  }
}
