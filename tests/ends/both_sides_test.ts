// Every row of the table of ends as a user meets it: a client and a server of the library, on a loopback socket.
import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  BizStatusError,
  type ClientStream,
  type Connection,
  createClient,
  defineService,
  implement,
  type ServerStream,
  TTStreamError,
} from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { aborted } from "../support/events.ts";
import { rejection } from "../support/rejection.ts";
import { CANCELED } from "../support/script.ts";

const Chat = defineService("Chat", { talk: { kind: "bidirectional", request: text, response: text } });
type Stream = ClientStream<string, string>;
type Served = ServerStream<string, string>;

const CLIENT = "[client-side stream]";
const SERVER = "[server-side stream]";
const RETURNED = `[ttstream error, code=12012] ${SERVER} canceled by business handler returning`;
const CLOSED_SEND = `[ttstream error, code=12005] ${CLIENT} stream is closed send`;

/** What each end says afterwards: `done` where reading ended well, `closed` where a close() resolved, else a text. */
interface Row {
  readonly name: string;
  /** Ends the stream at the client; it has read one message, and written one. */
  client?(
    stream: Stream,
    controller: AbortController,
    connection: Connection,
  ): PromiseLike<unknown> | unknown;
  /** Ends the stream at the server. */
  server?(stream: Served): PromiseLike<unknown> | unknown;
  readonly clientReads: string;
  readonly clientWrites: string;
  readonly serverReads: string;
  readonly serverWrites: string;
  readonly signal: string;
}

const cancelled = (code: number, description: string, local = description): Omit<Row, "name" | "client"> => ({
  clientReads: `[ttstream error, code=${code}] ${CLIENT} ${local}`,
  clientWrites: `[ttstream error, code=${code}] ${CLIENT} ${local}`,
  serverReads: `[ttstream error, code=${code}] ${SERVER} [canceled path: ServiceA] ${description}`,
  serverWrites: `[ttstream error, code=${code}] ${SERVER} [canceled path: ServiceA] ${description}`,
  signal: `[ttstream error, code=${code}] ${SERVER} [canceled path: ServiceA] ${description}`,
});

const rows: Row[] = [
  {
    name: "the client's signal aborts",
    client: (_stream, controller) => controller.abort(),
    ...cancelled(12007, CANCELED),
  },
  {
    name: "the client's signal aborts for a reason of its own",
    client: (_stream, controller) => controller.abort(new Error("budget spent")),
    ...cancelled(12008, "budget spent"),
  },
  {
    name: "the client leaves the scope of the stream",
    async client(stream) {
      await using _stream = stream;
    },
    ...cancelled(12007, CANCELED),
  },
  {
    name: "the client leaves the scope of the connection",
    async client(_stream, _controller, connection) {
      await using _connection = connection;
    },
    ...cancelled(12007, CANCELED),
  },
  {
    name: "the client aborts the connection for a reason",
    client: (_stream, _controller, connection) => connection.abort("leaving"),
    ...cancelled(12008, "leaving"),
  },
  {
    name: "the handler returns",
    server: () => {},
    clientReads: "done",
    clientWrites: CLOSED_SEND,
    serverReads: RETURNED,
    serverWrites: RETURNED,
    signal: RETURNED,
  },
  {
    name: "the handler throws",
    server: () => Promise.reject(new Error("boom")),
    clientReads: `[ttstream error, code=12001] ${CLIENT} biz error: boom`,
    clientWrites: `[ttstream error, code=12001] ${CLIENT} biz error: boom`,
    serverReads: RETURNED,
    serverWrites: RETURNED,
    signal: RETURNED,
  },
  {
    name: "the handler throws a BizStatusError",
    server: () => Promise.reject(new BizStatusError(404, "gone", { k: "v" })),
    clientReads: "biz error: code=404, msg=gone",
    clientWrites: "biz error: code=404, msg=gone",
    serverReads: RETURNED,
    serverWrites: RETURNED,
    signal: RETURNED,
  },
];

/** What a promise comes to, as a word or a text; the error itself beside it. */
async function outcome(promise: Promise<unknown>): Promise<{ text: string; error?: unknown }> {
  try {
    const value = await promise;
    const done = typeof value === "object" && value !== null && "done" in value && value.done === true;
    return { text: done ? "done" : "resolved" };
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), error };
  }
}

for (const row of rows) {
  Deno.test(`over TCP: ${row.name}: what both sides read, write and hear`, async () => {
    const served = Promise.withResolvers<
      { read: { text: string; error?: unknown }; write: { text: string; error?: unknown }; reason: unknown }
    >();
    await using server = serveLocally(
      implement(Chat, {
        async talk(stream) {
          const { signal } = stream;
          const reader = stream.readable.getReader();
          const writer = stream.writable.getWriter();
          await reader.read();
          await writer.write("hello");
          const read = outcome(reader.read());
          (async () => {
            const reason = await aborted(signal);
            served.resolve({ read: await read, write: await outcome(writer.write("late")), reason });
          })();
          if (row.server === undefined) await aborted(signal);
          else await row.server(stream);
        },
      }),
      { onError: () => {} },
    );
    const connection = await connectTo(server, { serviceName: "ServiceA" });
    const controller = new AbortController();
    const stream = createClient(Chat, connection).talk({ signal: controller.signal });
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    await writer.write("hi");
    assertEquals((await reader.read()).value, "hello");
    const read = outcome(reader.read());
    if (row.client !== undefined) {
      await row.client(stream, controller, connection);
    }
    assertEquals((await read).text, row.clientReads);
    const write = await outcome(writer.write("late"));
    assertEquals(write.text, row.clientWrites);
    if (row.clientReads !== "done") assertStrictEquals(write.error, (await read).error);
    const there = await served.promise;
    assertInstanceOf(there.reason, TTStreamError);
    assertEquals(
      [there.read.text, there.write.text, there.reason.message],
      [row.serverReads, row.serverWrites, row.signal],
    );
    assertStrictEquals(there.read.error, there.reason);
    assertStrictEquals(there.write.error, there.reason);
    connection.abort();
    await server.shutdown({ graceMs: 0 });
  });
}

/** A server whose handler tells its end, and a stream of a client that has been answered once. */
async function conversation(
  talk: (stream: Served) => Promise<void>,
): Promise<{ stream: Stream; reason: Promise<unknown>; controller: AbortController } & AsyncDisposable> {
  const reason = Promise.withResolvers<unknown>();
  const server = serveLocally(
    implement(Chat, {
      async talk(stream) {
        aborted(stream.signal).then(reason.resolve);
        await talk(stream);
      },
    }),
  );
  const connection = await connectTo(server, { serviceName: "ServiceA" });
  const controller = new AbortController();
  return {
    stream: createClient(Chat, connection).talk({ signal: controller.signal }),
    reason: reason.promise,
    controller,
    async [Symbol.asyncDispose]() {
      connection.abort();
      await server.shutdown({ graceMs: 0 });
    },
  };
}

/** Words without end, as long as somebody reads. */
async function talkOn(stream: Served): Promise<void> {
  const writer = stream.writable.getWriter();
  for (let n = 0;; n++) await writer.write(String(n));
}

const leaving: { name: string; leave(stream: Stream): Promise<void>; code: number; description: string }[] = [
  {
    name: "break in for await",
    async leave({ readable }) {
      for await (const message of readable) if (message === "3") break;
    },
    code: 12007,
    description: CANCELED,
  },
  {
    name: "return in for await",
    async leave({ readable }) {
      for await (const message of readable) if (message === "3") return;
    },
    code: 12007,
    description: CANCELED,
  },
  {
    name: "readable.cancel(reason)",
    leave: ({ readable }) => readable.cancel(new Error("seen enough")),
    code: 12008,
    description: "seen enough",
  },
  {
    name: "writable.abort(reason)",
    leave: ({ writable }) => writable.abort("seen enough"),
    code: 12008,
    description: "seen enough",
  },
];

for (const { name, leave, code, description } of leaving) {
  Deno.test(`over TCP: the client leaves by ${name} while the server writes on: the handler hears who and why`, async () => {
    await using talk = await conversation(talkOn);
    await talk.stream.header;
    await leave(talk.stream);
    const reason = await talk.reason;
    assertInstanceOf(reason, TTStreamError);
    assertEquals(
      reason.message,
      `[ttstream error, code=${code}] ${SERVER} [canceled path: ServiceA] ${description}`,
    );
    const trailer = await rejection(talk.stream.trailer);
    assertInstanceOf(trailer, TTStreamError);
    assertEquals(trailer.message, `[ttstream error, code=${code}] ${CLIENT} ${description}`);
  });
}

Deno.test("over TCP: the client half closes: the handler's reads end, the client still reads", async () => {
  await using talk = await conversation(async (stream) => {
    const words = await Array.fromAsync(stream.readable);
    const writer = stream.writable.getWriter();
    for (const word of words.reverse()) await writer.write(word);
  });
  const { stream } = talk;
  const writer = stream.writable.getWriter();
  for (const word of ["a", "b", "c"]) await writer.write(word);
  await writer.close();
  assertEquals(await Array.fromAsync(stream.readable), ["c", "b", "a"]);
});

Deno.test("over TCP: the handler cancels its reading: the client's writes go nowhere, the answer comes all the same", async () => {
  await using talk = await conversation(async (stream) => {
    for await (const message of stream.readable) if (message === "stop") break;
    await stream.writable.getWriter().write("answer");
    await aborted(talk.controller.signal);
  });
  const { stream } = talk;
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  await writer.write("stop");
  assertEquals((await reader.read()).value, "answer");
  for (let n = 0; n < 100; n++) await writer.write("nowhere".repeat(1000));
  talk.controller.abort();
  assertInstanceOf(await rejection(reader.read()), TTStreamError);
});

Deno.test("over TCP: the handler closes its writing and works on: the stream ends only with the handler", async () => {
  await using talk = await conversation(async (stream) => {
    const writer = stream.writable.getWriter();
    await writer.write("all");
    await writer.close();
    // Had the stream ended with the close, the client's next message would find nobody.
    const { value } = await stream.readable.getReader().read();
    stream.trailer.set("heard", String(value));
  });
  const reader = talk.stream.readable.getReader();
  assertEquals((await reader.read()).value, "all");
  const end = reader.read();
  await talk.stream.writable.getWriter().write("still there?");
  assertEquals((await end).done, true);
  assertEquals(await talk.stream.trailer, new Map([["heard", "still there?"]]));
});
