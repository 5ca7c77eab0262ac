import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type ClientStream,
  connectOver,
  createClient,
  defineService,
  implement,
  serveOver,
  type ServerStream,
  type StreamOpener,
} from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";

const Words = defineService("Words", {
  split: { kind: "server", request: text, response: text, name: "Split" },
  join: { kind: "client", request: text, response: text },
  talk: { kind: "bidirectional", request: text, response: text },
});

type WordsImplementation = Parameters<typeof implement<typeof Words.methods>>[1];

/** The three methods as generators and async functions. */
const generators: WordsImplementation = {
  async *split(request) {
    yield* request.split(" ");
  },
  async join({ readable }) {
    return (await Array.fromAsync(readable)).join(" ");
  },
  async *talk({ readable }) {
    for await (const message of readable) yield message.toUpperCase();
  },
};

/** The same over the streams themselves. */
const writers: WordsImplementation = {
  async split(request, { writable }) {
    const writer = writable.getWriter();
    for (const word of request.split(" ")) await writer.write(word);
  },
  async join({ readable }) {
    const words: string[] = [];
    for await (const word of readable) words.push(word);
    return words.join(" ");
  },
  async talk({ readable, writable }) {
    const upper = new TransformStream<string, string>({
      transform: (message, controller) => controller.enqueue(message.toUpperCase()),
    });
    await readable.pipeThrough(upper).pipeTo(writable);
  },
};

/** The same as promises of iterables, and an iterable that is no generator. */
const iterables: WordsImplementation = {
  split: (request) => Promise.resolve(ReadableStream.from(request.split(" "))),
  join: ({ readable }) => Array.fromAsync(readable).then((words) => words.join(" ")),
  talk({ readable }) {
    const messages = readable.values();
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const { done, value } = await messages.next();
          return done ? { done, value: undefined } : { done: false, value: value.toUpperCase() };
        },
      }),
    };
  },
};

/** The same on a class with state and a private method. */
class WordsService implements WordsImplementation {
  readonly #separator = " ";

  async *split(request: string) {
    yield* this.#words(request);
  }

  async join({ readable }: Omit<ServerStream<string, string>, "writable">): Promise<string> {
    return (await Array.fromAsync(readable)).join(this.#separator);
  }

  async *talk({ readable }: ServerStream<string, string>) {
    for await (const message of readable) yield this.#upper(message);
  }

  #words(request: string): string[] {
    return request.split(this.#separator);
  }

  #upper(message: string): string {
    return message.toUpperCase();
  }
}

/** Methods that a subclass inherits. */
class Inherited extends WordsService {}

/** Serves an implementation and gives a client of it to `use`; nothing may come to `onError`. */
async function calling(
  implementation: Partial<WordsImplementation>,
  use: (client: ReturnType<typeof createClient<typeof Words.methods>>) => Promise<void>,
  expected: unknown[] = [],
): Promise<void> {
  const [clientEnd, serverEnd] = duplexPair();
  const reported: unknown[] = [];
  const onError = (error: unknown) => void reported.push(messageOf(error));
  const serving = serveOver(serverEnd, implement(Words, implementation), { onError });
  const connection = connectOver(clientEnd);
  await use(createClient(Words, connection));
  await connection[Symbol.asyncDispose]();
  await serving.finished;
  assertEquals(reported, expected);
}

async function writeAll(writable: WritableStream<string>, words: string[]): Promise<void> {
  const writer = writable.getWriter();
  for (const word of words) await writer.write(word);
  await writer.close();
}

const styles = {
  generators,
  writers,
  iterables,
  "a class": new WordsService(),
  "a subclass": new Inherited(),
};

for (const [style, implementation] of Object.entries(styles)) {
  Deno.test(`the three kinds, implemented as ${style}`, async () => {
    await calling(implementation, async (client) => {
      assertEquals(await Array.fromAsync(client.split("once upon a time")), ["once", "upon", "a", "time"]);
      assertEquals(await Array.fromAsync(client.split("by stream").readable), ["by", "stream"]);

      const join = client.join();
      await writeAll(join.writable, ["a", "b", "c"]);
      assertEquals(await join.response, "a b c");
      assertEquals(await join.response, "a b c", "it may be awaited again");

      const talk = client.talk();
      const writer = talk.writable.getWriter();
      const reader = talk.readable.getReader();
      for (const word of ["ping", "pong"]) {
        await writer.write(word);
        assertEquals((await reader.read()).value, word.toUpperCase());
      }
      await writer.close();
      assertEquals((await reader.read()).done, true);
    });
  });
}

Deno.test("the three kinds over real TCP", async () => {
  await using server = serveLocally(implement(Words, generators));
  await using connection = await connectTo(server);
  const client = createClient(Words, connection);
  assertEquals(await Array.fromAsync(client.split("a b")), ["a", "b"]);
  const join = client.join();
  await writeAll(join.writable, ["a", "b"]);
  assertEquals(await join.response, "a b");
  const talk = client.talk();
  await writeAll(talk.writable, ["a", "b"]);
  assertEquals(await Array.fromAsync(talk.readable), ["A", "B"]);
});

Deno.test("handlers that return nothing and send nothing end their streams well", async () => {
  await calling({ split() {}, join: () => "", talk() {} }, async (client) => {
    assertEquals(await Array.fromAsync(client.split("x")), []);
    assertEquals(await Array.fromAsync(client.talk().readable), []);
    assertEquals(await client.join().response, "");
  });
});

Deno.test("a client streaming method may answer before the client has ended", async () => {
  await calling({
    ...generators,
    join: async ({ readable }) => {
      const { value = "" } = await readable.getReader().read();
      return `only ${value}`;
    },
  }, async (client) => {
    const call = client.join();
    await call.writable.getWriter().write("one");
    assertEquals(await call.response, "only one");
  });
});

Deno.test("an exception of a generator comes behind what it has yielded", async () => {
  const fault = "no more words";
  const split = async function* () {
    yield "one";
    yield await Promise.resolve("two");
    throw new Error(fault);
  };
  await calling({ ...generators, split }, async (client) => {
    const words: string[] = [];
    const error = await rejection((async () => {
      for await (const word of client.split("x")) words.push(word);
    })());
    assertEquals(words, ["one", "two"]);
    assertEquals(messageOf(error), `[ttstream error, code=12001] [client-side stream] biz error: ${fault}`);
  }, [fault]);
});

Deno.test("exceptions before the first await, of every kind of method", async () => {
  const fail = (): never => {
    throw new Error("at once");
  };
  const text = "[ttstream error, code=12001] [client-side stream] biz error: at once";
  await calling({ split: fail, join: fail, talk: fail }, async (client) => {
    assertEquals(await rejectionText(Array.fromAsync(client.split("x"))), text);
    assertEquals(await rejectionText(client.join().response), text);
    assertEquals(await rejectionText(Array.fromAsync(client.talk().readable)), text);
  }, ["at once", "at once", "at once"]);
});

Deno.test("a server method that returns what is no async iterable is a fault that names the method", async () => {
  const split: WordsImplementation["split"] = () => JSON.parse('["a", "list"]');
  const message = "Words.Split must return nothing or an async iterable, got object";
  await calling({ ...generators, split }, async (client) => {
    assertEquals(
      await rejectionText(Array.fromAsync(client.split("x"))),
      `[ttstream error, code=12001] [client-side stream] biz error: ${message}`,
    );
  }, [message]);
});

Deno.test("a method that an implementation lacks is an unknown method", async () => {
  await calling({ join: () => "joined" }, async (client) => {
    assertStringIncludes(await rejectionText(Array.fromAsync(client.split("x"))), "unknown method Split");
    const call = client.join();
    await call.writable.close();
    assertEquals(await call.response, "joined");
  });
});

Deno.test("a request that cannot be encoded errors its call and writes nothing", async () => {
  const [clientEnd] = duplexPair();
  let written = 0;
  const counted = new WritableStream<Uint8Array>({ write: () => void written++ });
  const connection = connectOver({ readable: clientEnd.readable, writable: counted });
  const Picky = defineService("Picky", {
    list: {
      kind: "server",
      request: {
        encode(): Uint8Array {
          throw new TypeError("not this one");
        },
        decode: () => "",
      },
      response: text,
    },
  });
  const call = createClient(Picky, connection).list("x");
  const message = await rejectionText(Array.fromAsync(call));
  assertEquals(message, "[ttstream error, code=12008] [client-side stream] not this one");
  assertEquals(await rejectionText(call.header), message);
  await connection.close();
  assertEquals(written, 0);
});

Deno.test("a pool of one's own opens the streams of a client", async () => {
  const served: string[] = [];
  const connections = ["first", "second", "third"].map((name) => {
    const [clientEnd, serverEnd] = duplexPair();
    serveOver(serverEnd, (stream) => {
      served.push(name);
      return implement(Words, generators)(stream);
    });
    return connectOver(clientEnd);
  });
  let next = 0;
  const pool: StreamOpener = {
    openStream(target, options): ClientStream {
      const connection = connections[next++ % connections.length];
      if (connection === undefined) throw new Error("the pool is empty");
      return connection.openStream(target, options);
    },
  };
  const client = createClient(Words, pool);
  for (const words of ["a b", "c", "d e", "f"]) {
    assertEquals((await Array.fromAsync(client.split(words))).join(" "), words);
  }
  assertEquals(served, ["first", "second", "third", "first"]);
  for (const connection of connections) await connection.close();
});

Deno.test("readable is locked while its iteration is under way, and the other way round", async () => {
  await calling(generators, async (client) => {
    const call = client.split("a b");
    const iterator = call[Symbol.asyncIterator]();
    assertEquals((await iterator.next()).value, "a");
    assertEquals(call.readable.locked, true);
    await iterator.return?.();
    const other = client.split("a b");
    other.readable.getReader();
    await assertRejects(() => Array.fromAsync(other), TypeError);
    await other[Symbol.asyncDispose]();
  });
});
