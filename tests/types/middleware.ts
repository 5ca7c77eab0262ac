import type { Program, WrongProgram } from "./program.ts";

/** Streams that are handed on, and messages that are sent: what must compile. */
export const rightMiddleware: readonly Program[] = [
  {
    name: "middleware that returns, that awaits, and that answers itself",
    code: `const returns: Middleware = (next) => (stream) => next(stream);
const awaits: Middleware = (next) => async (stream) => {
  try { await next(stream); } finally { console.log(stream.method); }
};
const answers: Middleware = () => async (stream) => { await stream.send(new Uint8Array()); };
serve({ port: 0 }, returns(awaits(answers(implement(Chat, { ...parts })))));`,
  },
  {
    name: "wrapStream for every kind keeps its type",
    code: `const talk: ClientStream<string, number> = wrapStream(client.talk(), {});
const list: ServerStreamingCall<string> = wrapStream(client.list(5), { readable: new ReadableStream<string>() });
const upload: ClientStreamingCall<string, number> = wrapStream(client.upload(), { response: Promise.resolve(5) });
const raw: ClientStream = wrapStream(connection.openStream({ service: "S", method: "M" }), {});
const handle: Handler = (stream) => {
  const wrapped: ServerStream = wrapStream(stream, { readable: stream.readable.pipeThrough(new TransformStream<Bytes, Bytes>()) });
  return handler(wrapped);
};
void [talk, list, upload, raw, handle];`,
  },
  {
    name: "sendAll takes whatever gives messages",
    code: `const talk = client.talk({ firstMessageTimeoutMs: 5 });
await talk.sendAll(["a"]);
await talk.sendAll(new Set(["a"]));
await talk.sendAll((async function* () { yield "a"; })());
await talk.sendAll(ReadableStream.from(["a"]));
await talk.send("a");
for await (const answer of talk) answer.toFixed();
await client.upload().sendAll(["a"]);
const ended: Promise<void> = client.list(5).closed;
await connection.close({ graceMs: 5 });
createClient(Chat, connection, { timeoutMs: 5, metadata: { a: "b" } });
void ended;`,
  },
];

/** What must not. */
export const wrongMiddleware: readonly WrongProgram[] = [
  {
    name: "middleware that forgets to return",
    code: `const forgets: Middleware = (next) => (stream) => { next(stream); }; // wrong
void forgets;`,
    says: /'void' is not assignable to type 'Promise<void>'|not assignable/,
  },
  {
    name: "middleware whose handler returns before",
    code: `const early: Middleware = (next) => (stream) => { // wrong
  if (stream.method === "") return;
  return next(stream);
};
void early;`,
    says: /'undefined' is not assignable to type 'Promise<void>'|not assignable/,
  },
  {
    name: "a generator as a handler",
    code: `const generator: Handler = async function* () { yield new Uint8Array(); }; // wrong
void generator;`,
    says: /'AsyncGenerator<.*' is not assignable|not assignable/,
  },
  {
    name: "a server streaming call's writable",
    code: `wrapStream(client.list(5), { writable: new WritableStream<number>() }); // wrong`,
    says: /No overload matches/,
  },
  {
    name: "a side of another type",
    code: `wrapStream(client.talk(), { readable: new ReadableStream<string>() }); // wrong`,
    says: /No overload matches/,
  },
  {
    name: "a string as the source of messages of another type",
    code: `serve({ port: 0 }, (stream) => stream.sendAll("text")); // wrong`,
    says: /'string' is not assignable to (type|parameter of type) 'MessageSource/,
  },
  {
    name: "a string as the source of messages that are strings",
    code: `client.talk().sendAll("text"); // wrong`,
    says: /'string' is not assignable to (type|parameter of type) 'MessageSource/,
  },
  {
    name: "messages of another type",
    code: `client.talk().sendAll([5]); // wrong`,
    says: /'number' is not assignable to type 'string'/,
  },
  {
    name: "a message of another type",
    code: `client.talk().send(5); // wrong`,
    says: /'number' is not assignable to parameter of type 'string'/,
  },
  {
    name: "sending on a server streaming call",
    code: `client.list(5).send("x"); // wrong`,
    says: /Property 'send' does not exist/,
  },
  {
    name: "an option that there is not among the defaults",
    code: `createClient(Chat, connection, { timeout: 5 }); // wrong`,
    says: /'timeout' does not exist|known properties/,
  },
];
