/** `for await` over a `readable` takes messages past the stream's own queue: nobody may see that but by the clock. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  type Codec,
  type Connection,
  connectOver,
  createClient,
  defineService,
  implement,
  serveOver,
} from "../../mod.ts";
import { bytes, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection } from "../support/rejection.ts";
import { ReceiveQueue } from "../../src/core/receive_queue.ts";
import { MessageReader } from "../../src/core/message_reader.ts";
import { nextTick } from "../../src/net/event_loop.ts";

const MESSAGES = ["a", "b", "c"];

/** Fails for one message. */
const picky: Codec<string> = {
  encode: text.encode,
  decode(payload) {
    const message = text.decode(payload);
    if (message === "bad") throw new Error("a bad message");
    return message;
  },
};

const Words = defineService("Words", {
  list: { kind: "server", request: text, response: picky },
  talk: { kind: "bidirectional", request: text, response: picky },
});

/** What a handler at the other end does with the request. */
type Answers = (request: string, signal: AbortSignal) => AsyncIterable<string>;

async function calling(answers: Answers, use: (client: Connection) => Promise<void>): Promise<void> {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(
    serverEnd,
    implement(Words, {
      list: (request, { signal }) => answers(request, signal),
      talk: () => undefined,
    }),
    { onError() {} },
  );
  {
    await using connection = connectOver(clientEnd);
    await use(connection);
  }
  await serving.finished;
}

async function* each(messages: Iterable<string>): AsyncGenerator<string> {
  yield* messages;
}

const FAILURE = "[ttstream error, code=12001] [client-side stream] biz error: enough";

/** The streams to be compared: the same messages, then the end, or the same error. */
const ENDS: readonly { readonly name: string; readonly answers: Answers; readonly error?: string }[] = [
  { name: "well", answers: () => each(MESSAGES) },
  {
    name: "with an error",
    answers: async function* () {
      yield* MESSAGES;
      throw new Error("enough");
    },
    error: FAILURE,
  },
];

/** A stream of the platform's own that does the same. */
function platform(error: string | undefined): ReadableStream<string> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      const message = MESSAGES[sent++];
      if (message !== undefined) controller.enqueue(message);
      else if (error === undefined) controller.close();
      else controller.error(new Error(error));
    },
  }, { highWaterMark: 0 });
}

type Program = (readable: ReadableStream<string>, log: (line: unknown) => void) => Promise<void>;

/** Programs that use a stream and write down what they see. */
const PROGRAMS: Record<string, Program> = {
  "a loop to the end": async (readable, log) => {
    for await (const message of readable) log(message);
  },
  "a loop that breaks": async (readable, log) => {
    for await (const message of readable) {
      log(message);
      if (message === "b") break;
    }
  },
  "a loop that throws": async (readable, log) => {
    for await (const message of readable) {
      log(message);
      throw new Error("mine");
    }
  },
  "a loop that breaks and keeps the stream": async (readable, log) => {
    for await (const message of readable.values({ preventCancel: true })) {
      log(message);
      break;
    }
    log(readable.locked);
    for await (const message of readable) log(message);
  },
  "a loop behind a reader": async (readable, log) => {
    const reader = readable.getReader();
    log(await reader.read());
    reader.releaseLock();
    for await (const message of readable) log(message);
  },
  "a reader in a loop": async (readable, log) => {
    for await (const message of readable) {
      log(message);
      try {
        readable.getReader();
      } catch (error) {
        log(error instanceof TypeError);
      }
    }
  },
  "a loop over a locked stream": (readable, log) => {
    const reader = readable.getReader();
    try {
      readable.values();
    } catch (error) {
      log(error instanceof TypeError);
    }
    reader.releaseLock();
    return Promise.resolve();
  },
  "two iterators": (readable, log) => {
    readable.values();
    try {
      readable[Symbol.asyncIterator]();
    } catch (error) {
      log(error instanceof TypeError);
    }
    return Promise.resolve();
  },
  "next() without waiting": async (readable, log) => {
    const messages = readable.values();
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => messages.next()));
    for (const result of results) {
      log(result.status === "fulfilled" ? result.value : messageOf(result.reason));
    }
  },
  "return() with a value": async (readable, log) => {
    const messages = readable.values();
    log(await messages.next());
    log(await messages.return?.("over"));
    log(await messages.next());
  },
  "return() before next()": async (readable, log) => {
    log(await readable.values().return?.());
  },
  "a disposal": async (readable, log) => {
    const messages = readable.values();
    log(await messages.next());
    const dispose: unknown = Reflect.get(messages, Symbol.asyncDispose);
    if (typeof dispose === "function") log(await Reflect.apply(dispose, messages, []));
    log(await messages.next());
  },
  "two loops": async (readable, log) => {
    for await (const message of readable) log(message);
    for await (const message of readable) log(message);
  },
};

/** Everything else that can be asked of a stream; each says what came of it. */
const ACTIONS: Readonly<Record<string, (readable: ReadableStream<string>) => unknown>> = {
  "locked": (readable) => readable.locked,
  "getReader()": (readable) => readable.getReader().closed,
  "getReader({ mode: byob })": (readable) => readable.getReader({ mode: "byob" }).closed,
  "values()": (readable) => readable.values().next(),
  "cancel()": (readable) => readable.cancel("enough"),
  "pipeTo()": (readable) => readable.pipeTo(new WritableStream()),
  "pipeThrough()": (readable) => Array.fromAsync(readable.pipeThrough(new TransformStream<string, string>())),
  "tee()": (readable) => Promise.all(readable.tee().map((branch) => Array.fromAsync(branch))),
};

for (const [name, action] of Object.entries(ACTIONS)) {
  PROGRAMS[`a loop, in it and after it ${name}`] = async (readable, log) => {
    const attempt = async () => {
      try {
        log(await action(readable));
      } catch (error) {
        log(error instanceof TypeError ? "TypeError" : messageOf(error));
      }
    };
    try {
      for await (const message of readable) {
        log(message);
        await attempt();
      }
    } finally {
      await attempt();
    }
  };
}

/** What a program saw, and how it left the stream. */
async function recordOf(program: Program, readable: ReadableStream<string>): Promise<unknown[]> {
  const record: unknown[] = [];
  try {
    await program(readable, (line) => record.push(line));
  } catch (error) {
    record.push(`threw ${messageOf(error)}`);
  }
  record.push(readable.locked ? "locked" : "free");
  if (!readable.locked) {
    const { closed } = readable.getReader();
    record.push(await Promise.race([closed.then(() => "closed", messageOf), nextTick().then(() => "open")]));
  }
  return record;
}

for (const { name, answers, error } of ENDS) {
  for (const [title, program] of Object.entries(PROGRAMS)) {
    Deno.test(`a stream that ends ${name}: ${title} does what it does with the platform's`, async () => {
      const expected = await recordOf(program, platform(error));
      await calling(answers, async (connection) => {
        await using call = createClient(Words, connection).list("go");
        await call.trailer; // all has come
        assertEquals(await recordOf(program, call.readable), expected);
      });
    });
  }
}

Deno.test("a loop over readable that breaks cancels the stream at the peer", async () => {
  const reason = Promise.withResolvers<unknown>();
  const answers: Answers = async function* (_, signal) {
    signal.addEventListener("abort", () => reason.resolve(signal.reason));
    yield* MESSAGES;
    await aborted(signal);
  };
  await calling(answers, async (connection) => {
    const { readable } = createClient(Words, connection).list("go");
    for await (const message of readable) {
      if (message === "c") break;
    }
    assert(messageOf(await reason.promise).startsWith("[ttstream error, code=12007] [server-side stream]"));
  });
});

Deno.test("a loop over readable that waits for messages gets each of them as it comes, and a codec's error as it is", async () => {
  let go = Promise.withResolvers<void>();
  const answers: Answers = async function* () {
    for (const message of ["a", "b", "bad", "c"]) {
      yield message;
      await go.promise;
    }
  };
  await calling(answers, async (connection) => {
    const { readable } = createClient(Words, connection).list("go");
    const messages: string[] = [];
    const error = await rejection((async () => {
      for await (const message of readable) {
        messages.push(message);
        const { resolve } = go;
        go = Promise.withResolvers();
        resolve();
      }
    })());
    assertEquals(messages, ["a", "b"]);
    assertEquals(messageOf(error), "a bad message");
    assertEquals(readable.locked, false);
    assertStrictEquals(await rejection(readable.getReader().closed), error);
  });
});

Deno.test("a Rst in the middle of a loop drops what is unread, and the loop throws it", async () => {
  const controller = new AbortController();
  await calling(() => each(MESSAGES), async (connection) => {
    const call = createClient(Words, connection).list("go", { signal: controller.signal });
    await call.header;
    const { readable } = call;
    const messages: string[] = [];
    const error = await rejection((async () => {
      for await (const message of readable) {
        messages.push(message);
        controller.abort();
      }
    })());
    assertEquals(messages, ["a"]);
    assert(messageOf(error).startsWith("[ttstream error, code=12007] [client-side stream]"));
    assertStrictEquals(await rejection(readable.getReader().closed), error);
  });
});

Deno.test("10,000 messages that have come are iterated in order, more than fit in a burst", async () => {
  const count = 10_000;
  const numbers = Array.from({ length: count }, (_, number) => String(number));
  await calling(() => each(numbers), async (connection) => {
    const call = createClient(Words, connection).list("go");
    assertEquals(await Array.fromAsync(call.readable), numbers);
    const asked = createClient(Words, connection).list("go").readable.values();
    const results = await Promise.all(numbers.map(() => asked.next()));
    assertEquals(results.map(({ value }) => value), numbers);
    assertEquals((await asked.next()).done, true);
  });
});

Deno.test("who asks first gets the first message, although it came before the first could take it", async () => {
  const inbox = new ReceiveQueue({ charge() {} });
  const owner = {
    readCanceled: () => undefined,
    decodeFailed() {},
    readDrained() {},
    readFinished() {},
    recvTimedOut() {},
  };
  const reader = new MessageReader(inbox, text, owner);
  const first = reader.next();
  await nextTick();
  inbox.push(new Uint8Array(bytes("a")));
  const second = reader.next();
  inbox.push(new Uint8Array(bytes("b")));
  assertEquals([(await first).value, (await second).value], ["a", "b"]);
});
