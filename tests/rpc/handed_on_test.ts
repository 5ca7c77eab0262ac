/** What middleware and openers may do with a stream: forget it, look at it, spread it, wrap it, hand it on as a Proxy. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type ClientStream,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  route,
  serveOver,
  type ServerStream,
  type StreamOpener,
  wrapStream,
} from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { FORMS, handlerOf, openerOf } from "../support/forms.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { turns } from "../support/turns.ts";
import { untyped } from "../support/untyped.ts";

const Chat = defineService("Chat", {
  talk: { kind: "bidirectional", request: text, response: text },
  list: { kind: "server", request: text, response: text },
  join: { kind: "client", request: text, response: text },
});

const chat = implement(Chat, {
  async *talk(stream) {
    await turns(3);
    for await (const message of stream.readable) yield message.toUpperCase();
  },
  async *list(request) {
    await turns(3);
    for (; request === "endless"; await turns(1)) yield "x";
    for (const letter of request) yield letter;
  },
  async join(stream) {
    return (await Array.fromAsync(stream.readable)).join("+");
  },
});

/** A client and a server in memory, with a handler and an opener of the test's. */
function pairOf(handler: Handler, open: (opener: StreamOpener) => StreamOpener = (opener) => opener) {
  const [near, far] = duplexPair();
  const errors: unknown[] = [];
  const server = serveOver(far, handler, { onError: (error) => errors.push(error) });
  const connection = connectOver(near);
  return {
    errors,
    client: createClient(Chat, open(connection)),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server.finished;
    },
  };
}

/** One call of each kind, with what it should give. */
async function callAll({ client }: ReturnType<typeof pairOf>): Promise<void> {
  const talk = client.talk();
  talk.sendAll(["a", "b"]);
  assertEquals(await Array.fromAsync(talk), ["A", "B"]);
  assertEquals(await Array.fromAsync(client.list("xyz")), ["x", "y", "z"]);
  const join = client.join();
  join.sendAll(["1", "2"]);
  assertEquals(await join.response, "1+2");
  const left = client.list("endless");
  for await (const letter of left) {
    assertEquals(letter, "x");
    break;
  }
  assertStringIncludes(await rejectionText(left.closed), "code=12007");
}

for (const atServer of FORMS) {
  for (const atClient of FORMS) {
    Deno.test(`calls of every kind work through ${atServer.name} at the server and ${atClient.name} at the client`, async () => {
      await using pair = pairOf(handlerOf(atServer, chat), (opener) => openerOf(atClient, opener));
      await callAll(pair);
      assertEquals(pair.errors, []);
    });
  }
}

const RETURNED = "has returned before the method that it called: return what `next(stream)` returns";

for (const form of FORMS) {
  if (form.name === "an object made by hand") continue;

  Deno.test(`middleware that forgets to return next(stream) fails the stream in words: ${form.name}`, async () => {
    for (const next of [chat, route(chat)]) {
      const forgetful: Handler = (stream) => {
        next(form.server(stream));
      };
      await using pair = pairOf(forgetful);
      for (const call of [() => pair.client.talk(), () => pair.client.list("x"), () => pair.client.join()]) {
        assertStringIncludes(await rejectionText(call().closed), RETURNED);
      }
      for (const error of pair.errors) assertInstanceOf(error, TypeError);
      assertEquals(pair.errors.length, 3);
    }
  });

  Deno.test(`middleware that forgets next(stream) hears nothing where the method was through by then: ${form.name}`, async () => {
    const patient: Handler = async (stream) => {
      chat(form.server(stream));
      await turns(50);
    };
    await using pair = pairOf(patient);
    assertEquals(await Array.fromAsync(pair.client.list("xyz")), ["x", "y", "z"]);
    assertEquals(pair.errors, []);
  });

  Deno.test(`middleware may return early, and catch what the handler throws: ${form.name}`, async () => {
    const failing = implement(Chat, {
      talk: () => {},
      list: () => Promise.reject(new Error("out of paper")),
      join: () => "never",
    });
    const careful: Handler = async (stream) => {
      if (stream.method === "talk") return;
      try {
        await failing(form.server(stream));
      } catch {
        await stream.send(text.encode("sorry"));
      }
    };
    await using pair = pairOf(careful);
    assertEquals(await Array.fromAsync(pair.client.talk()), []);
    assertEquals(await Array.fromAsync(pair.client.list("x")), ["sorry"]);
    assertEquals(pair.errors, []);
  });
}

Deno.test("a handler that returns a generator, or anything but a promise, is told so", async () => {
  const wrong: unknown[] = [
    async function* () {},
    function* () {},
    () => 5,
    () => "text",
    () => ({}),
    () => null,
  ];
  for (const handler of wrong) {
    await using pair = pairOf(untyped<Handler>(handler));
    assertStringIncludes(
      await rejectionText(pair.client.talk().closed),
      "the handler of Chat/talk must return a promise or nothing",
    );
    assertEquals(pair.errors.length, 1);
  }
});

Deno.test("a stream that was spread is refused in words at the server, with sides or without", async () => {
  const spreads: Handler[] = [
    (stream) => chat({ ...stream }),
    (stream) => chat({ ...stream, readable: stream.readable, writable: stream.writable }),
    (stream) => chat({ ...stream, service: stream.service, method: stream.method }),
    () => chat(untyped<ServerStream>(undefined)),
    (stream) => Promise.resolve(wrapStream({ ...stream }, {})).then(chat),
  ];
  for (const handler of spreads) {
    await using pair = pairOf(handler);
    assertStringIncludes(await rejectionText(pair.client.talk().closed), "{ ...stream }");
    assertInstanceOf(pair.errors[0], TypeError);
  }
});

Deno.test("a stream that was spread is refused in words at the client, with sides or without", async () => {
  const spreads: ((stream: ClientStream) => ClientStream)[] = [
    (stream) => ({ ...stream }),
    (stream) => ({ ...stream, readable: stream.readable, writable: stream.writable }),
    () => untyped<ClientStream>(undefined),
    () => untyped<ClientStream>(null),
    () => untyped<ClientStream>("stream"),
    () => untyped<ClientStream>(Promise.resolve()),
  ];
  for (const spread of spreads) {
    await using pair = pairOf(
      chat,
      (opener) => ({ openStream: (...args) => spread(opener.openStream(...args)) }),
    );
    for (const call of [() => pair.client.talk(), () => pair.client.list("x"), () => pair.client.join()]) {
      const { message } = assertThrows(call, TypeError);
      assertStringIncludes(message, "openStream must return a ClientStream, got ");
      assertStringIncludes(message, "wrapStream");
    }
  }
});

Deno.test("wrapStream refuses what is no stream in words", () => {
  for (const wrong of [undefined, null, {}, "stream", 5, () => {}]) {
    const { message } = assertThrows(() => wrapStream(untyped<ClientStream>(wrong), {}), TypeError);
    assertStringIncludes(message, "wrapStream needs a handler's stream or a call");
  }
});

Deno.test("wrapStream replaces a side of any kind of call, and the original's ends are the wrapping's", async () => {
  const upper = () =>
    new TransformStream<string, string>({ transform: (m, controller) => controller.enqueue(`<${m}>`) });
  await using pair = pairOf(chat);
  const { client } = pair;

  const list = client.list("xy");
  const listed = wrapStream(list, { readable: list.readable.pipeThrough(upper()) });
  assertEquals(await Array.fromAsync(listed), ["<x>", "<y>"]);
  await listed.closed;

  const talk = client.talk();
  const out = upper();
  const piped = out.readable.pipeTo(talk.writable);
  const talked = wrapStream(talk, { readable: talk.readable.pipeThrough(upper()), writable: out.writable });
  await talked.send("a");
  talked.sendAll(["b"]);
  assertEquals(await Array.fromAsync(talked), ["<<A>>", "<<B>>"]);
  await piped;
  assertEquals((await talked.header).size, 0);
  assertEquals((await talked.trailer).size, 0);

  const join = client.join();
  const joined = wrapStream(join, { response: join.response.then((sum) => `${sum}!`) });
  await joined.send("1");
  assertEquals(joined.writable.locked, false);
  await joined.writable.close();
  assertEquals(await joined.response, "1!");

  const left = client.list("endless");
  {
    await using wrapped = wrapStream(left, {});
    assertEquals((await wrapped[Symbol.asyncIterator]().next()).value, "x");
  }
  assertStringIncludes(await rejectionText(left.closed), "code=12007");
});

Deno.test("a wrapped call has what the original has, and says what it has not", async () => {
  await using pair = pairOf(chat);
  const list = wrapStream(pair.client.list("x"), {});
  const odd = untyped<ClientStream<string, string> & { response: Promise<string> }>(list);
  assertThrows(() => odd.writable, TypeError, "no writable");
  assertThrows(() => odd.response, TypeError, "no response");
  assertThrows(() => odd.send("x"), TypeError, "no send");
});

Deno.test("what is only looked at is not read: middleware and openers may look at both sides", async () => {
  const looks: Handler = (stream) => {
    void [stream.readable, stream.writable, stream.readable.locked, stream.writable.locked, stream.signal];
    return chat(stream);
  };
  await using pair = pairOf(looks, (opener) => ({
    openStream(target, options) {
      const stream = opener.openStream(target, options);
      void [stream.readable, stream.writable, stream.readable.locked, stream.writable.locked, stream.header];
      return stream;
    },
  }));
  await callAll(pair);
  assertEquals(pair.errors, []);
});

Deno.test("what has been read by an opener cannot be read by the typed call as well, in words", async () => {
  await using pair = pairOf(chat, (opener) => ({
    openStream(target, options) {
      const stream = opener.openStream(target, options);
      void stream.readable.getReader().read();
      return stream;
    },
  }));
  const call = pair.client.list("x");
  await turns(1);
  const error = await rejection(Array.fromAsync(call));
  assertInstanceOf(error, TypeError);
  assertStringIncludes(error.message, "being read already");
});

Deno.test("middleware that pipes what goes and waits for the pipe loses nothing, however slow the pipe", async () => {
  const slow: Handler = async (stream) => {
    const stages = Array.from({ length: 3 }, () =>
      new TransformStream<Uint8Array, Uint8Array>({
        async transform(message, controller) {
          await turns(5);
          controller.enqueue(message);
        },
      }));
    const [first, second, third] = stages;
    assert(first !== undefined && second !== undefined && third !== undefined);
    const piped = first.readable.pipeThrough(second).pipeThrough(third).pipeTo(stream.writable);
    await Promise.all([chat(wrapStream(stream, { writable: first.writable })), piped]);
  };
  await using pair = pairOf(slow);
  await callAll(pair);
  assertEquals(pair.errors.filter((error) => !(error instanceof Error && /12007/.test(error.message))), []);
});

for (const form of FORMS) {
  Deno.test(`writes that a method does not await leave, and end no process: ${form.name}`, async () => {
    const hasty = implement(Chat, {
      talk(stream) {
        const writer = stream.writable.getWriter();
        for (const letter of "abc") void writer.write(letter);
      },
      async list(_, stream) {
        const writer = stream.writable.getWriter();
        await new Promise((resolve) => stream.signal.addEventListener("abort", resolve));
        void writer.write("too late");
        void writer.close();
      },
      join(stream) {
        void stream.readable.getReader().read();
        return "x";
      },
    });
    await using pair = pairOf(handlerOf(form, hasty), (opener) => openerOf(form, opener));
    assertEquals(await Array.fromAsync(pair.client.talk()), ["a", "b", "c"]);
    const list = pair.client.list("x");
    await turns(5);
    list.cancel();
    await rejection(list.closed);
    void list.readable.getReader().read();
    const talk = pair.client.talk();
    talk.cancel();
    void talk.writable.getWriter().write("too late");
    assertEquals(await pair.client.join().response, "x");
    await turns(10); // an unhandled rejection would fail the test
    assertEquals(pair.errors, []);
  });

  Deno.test(`a generator whose write is refused runs its finally: ${form.name}`, async () => {
    const ended = Promise.withResolvers<void>();
    const endless = implement(Chat, {
      async *talk() {
        try {
          for (;;) {
            await turns(1);
            yield "more";
          }
        } finally {
          ended.resolve();
        }
      },
      list: () => {},
      join: () => "",
    });
    await using pair = pairOf(handlerOf(form, endless));
    for await (const _ of pair.client.talk()) break;
    await ended.promise;
  });
}

Deno.test("a generator whose middleware's writable rejects runs its finally, and its error reaches the client", async () => {
  const ended = Promise.withResolvers<void>();
  const endless = implement(Chat, {
    async *talk() {
      try {
        for (;;) yield "more";
      } finally {
        ended.resolve();
      }
    },
    list: () => {},
    join: () => "",
  });
  const full: Handler = (stream) =>
    endless(wrapStream(stream, {
      writable: new WritableStream({ write: () => Promise.reject(new Error("disk full")) }),
    }));
  await using pair = pairOf(full);
  assertStringIncludes(await rejectionText(pair.client.talk().closed), "disk full");
  await ended.promise;
});
