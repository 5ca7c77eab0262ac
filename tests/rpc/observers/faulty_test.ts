/** Observers that throw, reject, or do not what they should: no stream is harmed, and each is reported once. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  connectOver,
  createClient,
  createPool,
  implement,
  type Observer,
  serveOver,
  type StreamEvents,
} from "../../../mod.ts";
import { Test } from "../../grpc/pairs.ts";
import { CapturedErrors } from "../../support/console.ts";
import { NAMES, ObservedPair } from "../../support/observed_pair.ts";
import { duplexPair } from "../../support/pair.ts";
import { turns } from "../../support/turns.ts";
import { untyped } from "../../support/untyped.ts";

const handler = implement(Test.bidirectional, {
  async *echo(stream) {
    for await (const message of stream.readable) yield message;
  },
});

function fail(): never {
  throw new Error("the observer's");
}

const reject = () => untyped<void>(Promise.reject(new Error("the observer's")));

/** Every way to be at fault, at both sides or at one. */
const FAULTY: Readonly<Record<string, { readonly observer: Observer; readonly sides: readonly string[] }>> = {
  "opened throws": { observer: { opened: fail }, sides: ["client", "server"] },
  "opened is async": {
    observer: { opened: () => untyped<StreamEvents>(Promise.resolve({})) },
    sides: ["client", "server"],
  },
  "opened is async and rejects": { observer: { opened: reject }, sides: ["client", "server"] },
  "opened returns a number": {
    observer: { opened: () => untyped<StreamEvents>(5) },
    sides: ["client", "server"],
  },
  "header throws": { observer: { opened: () => ({ header: fail }) }, sides: ["client", "server"] },
  "sent throws": { observer: { opened: () => ({ sent: fail }) }, sides: ["client", "server"] },
  "sent rejects": { observer: { opened: () => ({ sent: reject }) }, sides: ["client", "server"] },
  "received throws": { observer: { opened: () => ({ received: fail }) }, sides: ["client", "server"] },
  "received rejects": { observer: { opened: () => ({ received: reject }) }, sides: ["client", "server"] },
  "ended throws": { observer: { opened: () => ({ ended: fail }) }, sides: ["client", "server"] },
  "ended rejects": { observer: { opened: () => ({ ended: reject }) }, sides: ["client", "server"] },
  "everything throws": {
    observer: { opened: () => ({ run: fail, header: fail, sent: fail, received: fail, ended: fail }) },
    sides: ["client", "server"],
  },
  "run throws before its task": { observer: { opened: () => ({ run: fail }) }, sides: ["server"] },
  "run throws after its task": {
    observer: {
      opened: () => ({
        run<T>(task: () => T): T {
          task();
          return fail();
        },
      }),
    },
    sides: ["server"],
  },
  "run does not call its task": {
    observer: { opened: () => ({ run: () => untyped(undefined) }) },
    sides: ["server"],
  },
  "run rejects on its own": {
    observer: {
      opened: () => ({
        run<T>(task: () => T): T {
          task();
          return untyped<T>(Promise.reject(new Error("the observer's")));
        },
      }),
    },
    sides: ["server"],
  },
  "hooks cannot be looked at": {
    observer: {
      opened: () => {
        const hooks = ["metainfo", "run", "header", "sent", "received", "draining", "ended"];
        return Object.defineProperties({}, Object.fromEntries(hooks.map((hook) => [hook, { get: fail }])));
      },
    },
    sides: ["client", "server"],
  },
  "its metainfo cannot be sent": {
    observer: { opened: () => ({ metainfo: { persistent: untyped({ a: 5 }) } }) },
    sides: ["client"],
  },
};

for (const protocol of NAMES) {
  for (const [name, { observer, sides }] of Object.entries(FAULTY)) {
    Deno.test(`an observer of which ${name} harms no stream over ${protocol}, and is reported once`, async () => {
      await using pair = new ObservedPair(protocol, handler, { client: [observer], server: [observer] });
      const client = createClient(Test.bidirectional, pair.connection);
      for (let i = 0; i < 3; i++) {
        const stream = client.echo();
        stream.sendAll(["a", "b", "c"]);
        assertEquals(await Array.fromAsync(stream), ["a", "b", "c"]);
        await stream.closed;
      }
      for (let i = 0; i < 3; i++) {
        assertEquals((await (await pair.client.stream(i)).ended).error, undefined);
        assertEquals((await (await pair.server.stream(i)).ended).error, undefined);
      }
      await turns(5);
      assertEquals(pair.clientErrors.length, sides.includes("client") ? 1 : 0);
      assertEquals(pair.errors.length, sides.includes("server") ? 1 : 0);
    });
  }

  Deno.test(`an async run that waits for the handler is not at fault where that throws over ${protocol}`, async () => {
    const failing = implement(Test.bidirectional, { echo: () => Promise.reject(new Error("the handler's")) });
    const observer: Observer = {
      opened: () => ({
        run<T>(task: () => T): T {
          return untyped<T>((async () => await task())());
        },
      }),
    };
    await using pair = new ObservedPair(protocol, failing, { server: [observer] });
    await createClient(Test.bidirectional, pair.connection).echo().closed.catch(() => {});
    await turns(5);
    assertEquals(pair.errors.map(String), ["Error: the handler's"]);
  });

  Deno.test(`an observer may cancel, open and close over ${protocol}, in the middle of whatever it is told`, async () => {
    for (const event of ["header", "sent", "received", "ended"] as const) {
      let cancel: (() => void) | undefined;
      const observer: Observer = { opened: () => ({ [event]: () => cancel?.() }) };
      await using pair = new ObservedPair(protocol, handler, { client: [observer], server: [observer] });
      const first = pair.connection.openStream({ service: "Test", method: "Echo" });
      const second = createClient(Test.bidirectional, pair.connection).echo();
      cancel = () => {
        cancel = undefined;
        first.cancel("by an observer");
        pair.connection.openStream({ service: "Test", method: "Echo" }).cancel();
        second.cancel();
      };
      second.sendAll(["a"]).catch(() => {});
      await second.closed.catch(() => {});
      if (event !== "ended") assertStringIncludes(`${await first.closed.catch(String)}`, "by an observer");
      pair.abort();
      await turns(5);
      for (const stream of [...pair.client.streams, ...pair.server.streams]) {
        await stream.ended;
        assertEquals(stream.ends.length, 1);
      }
      assertEquals([...pair.errors, ...pair.clientErrors], []);
    }
  });

  Deno.test(`an observer may cut the server as a stream opens over ${protocol}`, async () => {
    const [near, far] = duplexPair();
    const { PROTOCOLS } = await import("../../support/observed_pair.ts");
    const ends: number[] = [];
    const serving = serveOver(far, handler, {
      protocols: [PROTOCOLS[protocol]],
      observers: [{
        opened() {
          serving.abort("enough");
          return { ended: () => void ends.push(1) };
        },
      }],
    });
    await using connection = connectOver(near, { protocol: PROTOCOLS[protocol] });
    const stream = connection.openStream({ service: "Test", method: "Echo" });
    assertStringIncludes(`${await stream.closed.catch(String)}`, "rror");
    await serving.finished;
    assertEquals(ends, [1]);
  });
}

Deno.test("without a hook an observer's error is printed, once", async () => {
  using printed = new CapturedErrors();
  const [near, far] = duplexPair();
  const observers: Observer[] = [{ opened: fail }];
  const serving = serveOver(far, handler, { observers });
  {
    await using connection = connectOver(near, { observers });
    for (let i = 0; i < 2; i++) {
      const stream = connection.openStream({ service: "Test", method: "Echo" });
      await stream.sendAll([]);
      await stream.closed;
    }
  }
  await serving.finished;
  assertEquals(printed.lines.toSorted(), [
    "an observer of Test/Echo failed: the observer's",
    "ttstream: an observer failed: the observer's",
  ]);
});

Deno.test("observers must be an array of objects", async () => {
  const [near, far] = duplexPair();
  const wrong = (observers: unknown) => ({ observers: untyped<Observer[]>(observers) });
  for (
    const make of [
      (observers: unknown) => connectOver(near, wrong(observers)),
      (observers: unknown) => serveOver(far, handler, wrong(observers)),
      (observers: unknown) => createPool({ addresses: [], ...wrong(observers) }),
    ]
  ) {
    assertThrows(() => make({}), TypeError, "observers must be an array, got [object Object]");
    assertThrows(() => make([5]), TypeError, "observers[0] must be an object with a function opened, got 5");
    assertThrows(() => make([{ opened: 5 }]), TypeError, "observers[0] must be an object");
  }
  assertThrows(
    () => connectOver(near, { onError: untyped(5) }),
    TypeError,
    "onError must be a function, got 5",
  );
  await near.readable.cancel();
  await far.readable.cancel();
});
