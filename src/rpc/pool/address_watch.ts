import type { AddressResolver } from "./addresses.ts";
import type { Address } from "../../net/dial.ts";
import type { Backoff } from "./backoff.ts";
import { sleep } from "./sleep.ts";
import { show } from "../../base/format.ts";
import { withinMs } from "../../net/event_loop.ts";

/** Who is told what a resolver says. */
export interface AddressListener {
  /** @throws {TypeError | RangeError} If the list is none; it is then the resolver's fault. */
  resolved(addresses: readonly Address[]): void;
  resolverFailed(error: unknown): void;
}

/** How long, in milliseconds, a resolver may take to end when it has been told to: a look-up that is given up ends at once. */
const LAST_MS = 1_000;

/** Runs a resolver: again after a while where it has failed, for ever. */
export class AddressWatch {
  readonly #resolver: AddressResolver;
  readonly #listener: AddressListener;
  readonly #backoff: Backoff;
  readonly #controller = new AbortController();
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #run: Promise<void>;

  constructor(resolver: AddressResolver, listener: AddressListener, backoff: Backoff) {
    this.#resolver = resolver;
    this.#listener = listener;
    this.#backoff = backoff;
    this.#run = this.#watch();
  }

  /** Resolves when the resolver has ended, or does not. */
  async stop(): Promise<void> {
    this.#controller.abort(new DOMException("the pool is closed", "AbortError"));
    this.#stopped.resolve();
    await withinMs(LAST_MS, this.#run);
  }

  async #watch(): Promise<void> {
    const { signal } = this.#controller;
    // Whoever has made the pool is not called back before they have it.
    await Promise.resolve();
    let failures = 0;
    let known = false;
    while (!signal.aborted) {
      try {
        for await (const addresses of this.#lists()) {
          this.#listener.resolved(addresses);
          known = true;
          failures = 0;
        }
        if (signal.aborted || known) return;
        throw new Error("the resolver of addresses has ended without any");
      } catch (error) {
        if (signal.aborted) return;
        this.#listener.resolverFailed(error);
        await sleep(this.#backoff(++failures), signal);
      }
    }
  }

  /** What the resolver says until the stop, which a resolver that hangs cannot put off. */
  async *#lists(): AsyncGenerator<readonly Address[]> {
    const iterable: unknown = this.#resolver(this.#controller.signal);
    if (!isAsyncIterable(iterable)) {
      throw new TypeError(`addresses must return an async iterable, got ${show(iterable)}`);
    }
    const iterator = iterable[Symbol.asyncIterator]();
    let ended = false;
    try {
      for (;;) {
        const next = iterator.next();
        const first = await Promise.race([next, this.#stopped.promise]);
        if (first === undefined) {
          // Its abort is no news; whether it takes long is for `stop` to wait.
          ended = await next.then(({ done }) => done === true, () => true);
          return;
        }
        ended = first.done === true;
        if (first.done === true) return;
        yield first.value;
      }
    } catch (error) {
      ended = true;
      throw error;
    } finally {
      if (!ended) await iterator.return?.();
    }
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<readonly Address[]> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
