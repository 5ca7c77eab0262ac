import { assertEquals, assertRejects } from "@std/assert";
import {
  type ClientStream,
  connect,
  type Connection,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  route,
  serve,
  serveOver,
  type ServerStream,
  type StreamOpener,
  TTStreamError,
  wrapStream,
} from "../../mod.ts";
import { cameCompressed, grpc, setCompression } from "../../src/grpc/mod.ts";
import { text } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";
import { rejectionText } from "../support/rejection.ts";
import { ClientScript } from "../support/script.ts";

const Chat = defineService("Chat", {
  ask: { kind: "server", name: "Ask", request: text, response: text },
  echo: { kind: "bidirectional", name: "Echo", request: text, response: text },
  join: { kind: "client", name: "Join", request: text, response: text },
});

const chat = implement(Chat, {
  async *ask(question) {
    for (const word of question.split(" ")) yield word;
  },
  async *echo(stream) {
    for await (const message of stream.readable) yield message;
  },
  async join(stream) {
    return (await Array.fromAsync(stream.readable)).join("+");
  },
});

/** Middleware that gives the handler a stream of its own making, and counts the bytes that pass. */
function counting(next: Handler, count: (bytes: number) => void): Handler {
  const counter = () =>
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        count(chunk.length);
        controller.enqueue(chunk);
      },
    });
  const handler = (stream: ServerStream) =>
    next(wrapStream(stream, { readable: stream.readable.pipeThrough(counter()) }));
  return Object.assign(handler, { services: next.services });
}

/** An opener that wraps each stream it opens. */
function wrapping(connection: Connection): StreamOpener {
  return {
    openStream(target, options): ClientStream {
      const stream = connection.openStream(target, options);
      return wrapStream(stream, { readable: stream.readable });
    },
  };
}

async function collect(client: ReturnType<typeof createClient<typeof Chat["methods"]>>): Promise<string[][]> {
  const asked = await Array.fromAsync(client.ask("a b c"));
  const echo = client.echo();
  const writer = echo.writable.getWriter();
  await writer.write("one");
  await writer.write("two");
  await writer.close();
  const echoed = await Array.fromAsync(echo.readable);
  const join = client.join();
  const parts = join.writable.getWriter();
  await parts.write("x");
  await parts.write("y");
  await parts.close();
  return [asked, echoed, [await join.response]];
}

const answers = [["a", "b", "c"], ["one", "two"], ["x+y"]];

Deno.test("middleware may give the handler a stream that it has wrapped", async () => {
  let bytes = 0;
  const handler = route(counting(chat, (more) => bytes += more));
  await using server = serve({ hostname: "127.0.0.1", port: 0 }, handler);
  await using connection = await connect({ port: server.addr.port });
  assertEquals(await collect(createClient(Chat, connection)), answers);
  assertEquals(bytes, "a b conetwoxy".length);
});

Deno.test("an unknown method reaches the client through wrapped streams too", async () => {
  const onError = () => {};
  await using server = serve({ hostname: "127.0.0.1", port: 0, onError }, counting(chat, () => {}));
  await using connection = await connect({ port: server.addr.port });
  const stream = connection.openStream({ service: "Chat", method: "Nope" });
  await assertRejects(() => stream.readable.getReader().read(), TTStreamError, "unknown method Nope");
});

Deno.test("a client works over an opener that wraps its streams", async () => {
  await using server = serve({ hostname: "127.0.0.1", port: 0 }, chat);
  await using connection = await connect({ port: server.addr.port });
  assertEquals(await collect(createClient(Chat, wrapping(connection))), answers);
});

Deno.test("leaving an iteration over a wrapped stream cancels it", async () => {
  const ended = Promise.withResolvers<unknown>();
  const handler = implement(Chat, {
    ask(_question, stream) {
      stream.signal.addEventListener("abort", () => ended.resolve(stream.signal.reason), { once: true });
      return (async function* () {
        for (let i = 0;; i++) yield String(i);
      })();
    },
    echo() {},
    join: () => "",
  });
  await using server = serve({ hostname: "127.0.0.1", port: 0 }, handler);
  await using connection = await connect({ port: server.addr.port });
  for await (const word of createClient(Chat, wrapping(connection)).ask("count")) {
    if (word === "3") break;
  }
  const reason = await ended.promise;
  assertEquals(reason instanceof TTStreamError && reason.code, 12007);
});

Deno.test("aborting a wrapped stream while a write waits cancels it at once", async () => {
  await using script = new ClientScript();
  const stream = createClient(Chat, wrapping(script.connection)).echo();
  const writer = stream.writable.getWriter();
  // The peer reads nothing: the first message makes the connection wait, and the second waits for it.
  await writer.write("x".repeat(300 * 1024));
  const waiting = writer.write("never sent");
  const failed = rejectionText(waiting);
  await writer.abort(new Error("stop"));
  assertEquals(await failed, "[ttstream error, code=12008] [client-side stream] stop");
  assertEquals(await script.left(), [
    "Header {isn: Chat}",
    "Data of 307200 bytes",
    "Rst 12008 stop {ttscp: ServiceA}",
    "Trailer",
  ]);
});

/** The code of the error that a send rejects with. */
async function codeOf(sending: Promise<void>): Promise<number | undefined> {
  const error = await sending.then(() => undefined, (error) => error);
  return error instanceof TTStreamError ? error.code : undefined;
}

Deno.test("a call that is wrapped, or goes over a wrapped stream: what is sent behind the half close rejects with 12005, and the call goes on", async () => {
  await using server = serve({ port: 0, hostname: "127.0.0.1" }, chat);
  await using connection = await connect({ port: server.addr.port });
  const plain = createClient(Chat, connection).join();
  const through = new TransformStream<string, string>();
  const piped = through.readable.pipeTo(plain.writable);
  const overWrapped = createClient(Chat, {
    openStream: (target, options) => wrapStream(connection.openStream(target, options), {}),
  });
  for (const call of [wrapStream(plain, { writable: through.writable }), overWrapped.join()]) {
    await call.sendAll(["one", "two"]);
    let stopped = false;
    const late = ReadableStream.from(["three"]);
    const watched = late.pipeThrough(
      new TransformStream<string, string>({
        cancel: () => {
          stopped = true;
        },
      }),
    );
    assertEquals(await codeOf(call.sendAll(watched)), 12005);
    assertEquals(await codeOf(call.send("four")), 12005);
    assertEquals(await call.response, "one+two");
    assertEquals(stopped, true);
  }
  await piped;
});

Deno.test("a handler's wrapped stream: what is sent behind writable.close() rejects with 12005, and the stream ends well", async () => {
  const codes: (number | undefined)[] = [];
  const handler = implement(Chat, {
    async ask(question, stream) {
      await stream.send(question);
      await stream.writable.close();
      codes.push(await codeOf(stream.send("late")), await codeOf(stream.sendAll(["late"])));
    },
    echo: () => {},
    join: () => "",
  });
  await using server = serve(
    { port: 0, hostname: "127.0.0.1" },
    (stream) => handler(wrapStream(stream, { metadata: new Map() })),
  );
  await using connection = await connect({ port: server.addr.port });
  assertEquals(await Array.fromAsync(createClient(Chat, connection).ask("one")), ["one"]);
  assertEquals(codes, [12005, 12005]);
});

Deno.test("wrapped streams of gRPC, of both sides and of unary calls, are told which messages to compress", async () => {
  const Words = defineService("Words", {
    echo: { kind: "bidirectional", request: text, response: text },
    ask: { kind: "unary", request: text, response: text },
  });
  const came: boolean[] = [];
  const words = implement(Words, {
    async *echo(stream) {
      setCompression(stream, "gzip");
      for await (const message of stream.readable) {
        came.push(cameCompressed(stream));
        yield message;
      }
    },
    ask: (question) => question,
  });
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, (stream) => words(wrapStream(stream, { readable: stream.readable })), {
    protocols: [grpc()],
  });
  const connection = connectOver(clientEnd, { protocol: grpc({ compression: "gzip" }) });
  const client = createClient(Words, connection);

  const echo = client.echo();
  const wrapped = wrapStream(echo, { closed: echo.closed });
  setCompression(wrapped, "identity");
  await wrapped.sendAll(["a long word".repeat(20)]);
  for await (const message of wrapped) {
    assertEquals([message.length, cameCompressed(wrapped)], [220, true]);
  }
  assertEquals(came, [false]);

  const ask = client.ask("why");
  const wrappedAsk = wrapStream(ask, { response: ask.then((answer) => `${answer}?`) });
  assertEquals([await wrappedAsk, cameCompressed(wrappedAsk)], ["why?", false]);

  await connection.close();
  await serving.finished;
});
