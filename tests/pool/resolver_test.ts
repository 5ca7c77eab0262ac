import { assert, assertEquals } from "@std/assert";
import { type Address, type AddressResolver, createClient, createPool } from "../../mod.ts";
import { streamErrorOf } from "../support/failures.ts";
import { messageOf } from "../support/rejection.ts";
import { untyped } from "../support/untyped.ts";
import { at, until, wordServer } from "./servers.ts";
import { Words } from "./words.ts";

const FAST = { initialMs: 1, maxMs: 5 };

/** A resolver that says what the test tells it. */
class Told {
  readonly signals: AbortSignal[] = [];
  #next: PromiseWithResolvers<readonly Address[]> = Promise.withResolvers();
  #end: PromiseWithResolvers<void> = Promise.withResolvers();

  readonly resolver: AddressResolver = async function* (this: Told, signal: AbortSignal) {
    this.signals.push(signal);
    const aborted = new Promise<undefined>((resolve) =>
      signal.addEventListener("abort", () => resolve(undefined))
    );
    for (;;) {
      const next = this.#next;
      const list = await Promise.race([next.promise, this.#end.promise, aborted]).finally(() => {
        if (this.#next === next) this.#next = Promise.withResolvers();
      });
      if (list === undefined) return;
      yield list;
    }
  }.bind(this);

  say(...addresses: Address[]): void {
    this.#next.resolve(addresses);
  }

  fail(error: unknown): void {
    this.#next.promise.catch(() => {
      // The resolver may not have begun to listen.
    });
    this.#next.reject(error);
  }

  end(): void {
    this.#end.resolve();
  }
}

Deno.test("A resolver's new addresses are used at once, and those that go are drained, not cut", async () => {
  await using a = wordServer("a");
  await using b = wordServer("b");
  const told = new Told();
  await using pool = createPool({ addresses: told.resolver });
  const client = createClient(Words, pool);
  told.say(at(a));
  const talk = client.talk();
  const reader = talk.readable.getReader();
  assertEquals((await reader.read()).value, "a");
  told.say(at(b));
  await until(() => pool.stats.connections.draining === 1);
  for (let i = 0; i < 5; i++) assertEquals(await Array.fromAsync(client.ask("x")), ["b", "x"]);
  assertEquals(pool.stats.addresses.map(({ address }) => address), [at(b)]);
  await talk.sendAll(["still here"]);
  assertEquals((await reader.read()).value, "still here");
  assertEquals((await reader.read()).done, true);
  await until(() => pool.stats.connections.draining === 0);
  assertEquals(pool.stats.connections, { connecting: 0, idle: 1, active: 0, draining: 0 });
});

Deno.test("A list that stays the same changes nothing, and an empty one makes calls wait", async () => {
  await using server = wordServer("a");
  const told = new Told();
  await using pool = createPool({ addresses: told.resolver });
  const client = createClient(Words, pool);
  told.say(at(server));
  await Array.fromAsync(client.ask("x"));
  told.say(at(server), at(server));
  await Array.fromAsync(client.ask("x"));
  assertEquals(pool.stats.dials, 1);
  told.say();
  await until(() => pool.stats.addresses.length === 0);
  const call = Array.fromAsync(client.ask("y"));
  assertEquals(pool.stats.waiting, 1);
  told.say(at(server));
  assertEquals(await call, ["a", "y"]);
});

Deno.test("An address that is dialled while it goes is given up, and its call has the next one's", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using server = wordServer("a");
  const told = new Told();
  await using pool = createPool({ addresses: told.resolver });
  told.say({ port: silent.addr.port, tls: true });
  const call = Array.fromAsync(createClient(Words, pool).ask("x"));
  await until(() => pool.stats.connections.connecting === 1);
  told.say(at(server));
  assertEquals(await call, ["a", "x"]);
  assertEquals([pool.stats.failedDials, pool.stats.dials], [0, 2]);
});

Deno.test("A resolver that throws is reported and started again, and the last list stays", async () => {
  await using server = wordServer("a");
  const told = new Told();
  const errors: string[] = [];
  await using pool = createPool({
    addresses: told.resolver,
    backoff: FAST,
    onError: (error, { address }) => errors.push(`${messageOf(error)} ${address}`),
  });
  const client = createClient(Words, pool);
  told.fail(new Error("no"));
  await until(() => told.signals.length === 2);
  told.say(at(server));
  assertEquals(await Array.fromAsync(client.ask("x")), ["a", "x"]);
  told.fail(new Error("again"));
  await until(() => told.signals.length === 3);
  assertEquals(await Array.fromAsync(client.ask("x")), ["a", "x"]);
  assertEquals([errors, pool.stats.dials], [["no undefined", "again undefined"], 1]);
});

Deno.test("A resolver that has said something and ends has said its last word", async () => {
  await using server = wordServer("a");
  const told = new Told();
  const errors: unknown[] = [];
  await using pool = createPool({ addresses: told.resolver, onError: (error) => errors.push(error) });
  told.say(at(server));
  const client = createClient(Words, pool);
  await Array.fromAsync(client.ask("x"));
  told.end();
  assertEquals(await Array.fromAsync(client.ask("x")), ["a", "x"]);
  assertEquals([errors, told.signals.length], [[], 1]);
});

/** Resolvers that never say anything that could be used, and what is reported of each. */
const useless: Record<string, { resolver: unknown; says: string }> = {
  "ends at once": {
    resolver: async function* () {},
    says: "the resolver of addresses has ended without any",
  },
  "returns no iterable": { resolver: () => 5, says: "addresses must return an async iterable, got 5" },
  "throws itself": {
    resolver: () => {
      throw new Error("no");
    },
    says: "no",
  },
  "says no list": {
    resolver: async function* () {
      yield "127.0.0.1";
    },
    says: 'addresses must be an array or a function, got "127.0.0.1"',
  },
  "says a wrong port": {
    resolver: async function* () {
      yield [{ port: 1 }, { port: 70_000 }];
    },
    says: "addresses[1]: port must be an integer from 1 to 65535, got 70000",
  },
};
for (const [what, { resolver, says }] of Object.entries(useless)) {
  Deno.test(`A resolver that ${what} is reported, and asked again`, async () => {
    const errors: string[] = [];
    await using pool = createPool({
      addresses: untyped<AddressResolver>(resolver),
      backoff: FAST,
      onError: (error) => errors.push(messageOf(error)),
    });
    await until(() => errors.length >= 2);
    assertEquals([errors[0], errors[1]], [says, says]);
    const error = await streamErrorOf(createClient(Words, pool).ask("x", { timeoutMs: 1 }).closed);
    assertEquals(error.code, 12015);
  });
}

Deno.test("close() aborts the resolver's signal, and waits until it has ended", async () => {
  let ended = false;
  let seen: AbortSignal | undefined;
  const pool = createPool({
    async *addresses(signal) {
      seen = signal;
      try {
        yield [];
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        signal.throwIfAborted();
      } finally {
        ended = true;
      }
    },
    onError: () => assert(false, "an abort is no news"),
  });
  await until(() => seen !== undefined);
  await pool.close();
  assertEquals([seen?.aborted, ended], [true, true]);
});
