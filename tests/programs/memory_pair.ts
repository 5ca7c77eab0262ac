/**
 * Streams over an in-memory connection, in both protocols, and what each end has read of them: a program for any
 * platform with Web Streams. It ends when nothing is left of it.
 */
import {
  type ClientStream,
  type Connection,
  connectOver,
  createClient,
  defineService,
  implement,
  type Protocol,
  serveOver,
  ttheader,
} from "../../mod.ts";
import { grpc, setCompression } from "../../src/grpc/mod.ts";
import { text } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";

const Chat = defineService("Chat", {
  talk: { kind: "bidirectional", request: text, response: text },
  list: { kind: "server", request: text, response: text },
  upload: { kind: "client", request: text, response: text },
  ask: { kind: "unary", request: text, response: text },
});

/** What the handler of a stream that is cancelled has to say. */
let cancelled = Promise.withResolvers<string>();

const handler = implement(Chat, {
  async *talk(stream) {
    stream.sendHeader(); // says that it has begun: one whose stream has ended before is never called
    stream.signal.addEventListener("abort", () => cancelled.resolve(`${stream.signal.reason}`), {
      once: true,
    });
    for await (const word of stream.readable) yield word.toUpperCase();
  },
  async *list(count, stream) {
    if (stream.protocol === "grpc") setCompression(stream, "gzip");
    if (Number.isNaN(Number(count))) throw new Error("no number");
    for (let i = 0; i < Number(count); i++) yield `${stream.protocol} ${i}`;
  },
  async upload(stream) {
    return (await Array.fromAsync(stream.readable)).join(" ");
  },
  ask: (question) => `${question}?`,
});

async function speak(protocol: Protocol): Promise<void> {
  const [clientEnd, serverEnd] = duplexPair();
  const errors: unknown[] = [];
  const serving = serveOver(serverEnd, handler, {
    protocols: [ttheader(), grpc()],
    onError: (error) => errors.push(error),
  });
  {
    const connection = connectOver(clientEnd, { protocol, serviceName: "Memory", frameTimeoutMs: 60_000 });
    try {
      await useAll(connection);
    } finally {
      await connection.close();
    }
  }
  await serving.finished;
  say("thrown", errors.map(String));
}

async function useAll(connection: Connection): Promise<void> {
  const chat = createClient(Chat, connection, { timeoutMs: 60_000 });

  const talk = chat.talk();
  await talk.sendAll(["one", "two"]);
  say("talk", await Array.fromAsync(talk));
  say("list", await Array.fromAsync(chat.list("3")));
  const upload = chat.upload();
  await upload.sendAll(["three", "four"]);
  say("upload", await upload.response);
  if (connection.protocol === "grpc") say("ask", await chat.ask("why"));
  say("failed", await endOf(Array.fromAsync(chat.list("no number"))));

  cancelled = Promise.withResolvers();
  const left = chat.talk();
  await left.send("five");
  say("client", await endOf(cancelAfterOne(left)));
  say("closed", await endOf(left.closed));
  say("server", await cancelled.promise);

  cancelled = Promise.withResolvers();
  const late = chat.talk({ recvTimeoutMs: 20 });
  await late.header;
  say("late", await endOf(Array.fromAsync(late)));
  say("server", await cancelled.promise);
}

async function cancelAfterOne(stream: ClientStream<string, string>): Promise<void> {
  for await (const word of stream) {
    say("before the cancel", word);
    await stream.cancel("enough");
  }
}

async function endOf(work: PromiseLike<unknown>): Promise<string> {
  try {
    await work;
    return "ended well";
  } catch (error) {
    return `${error}`;
  }
}

function say(what: string, said: unknown): void {
  console.log(`${what}: ${JSON.stringify(said)}`);
}

for (const protocol of [ttheader(), grpc()]) {
  console.log(protocol.name);
  await speak(protocol);
}
