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
    name: "interceptors that change a call, replace a side, refuse, and answer themselves",
    code: `const changes: ClientInterceptor = (call, next) =>
  next({ ...call, target: { ...call.target, service: "Other" }, metadata: new Map([["a", "b"]]), options: { timeoutMs: 5 } });
const replaces: ClientInterceptor = (call, next) => {
  const stream = next(call);
  return wrapStream(stream, { readable: stream.readable.pipeThrough(new TransformStream<unknown, unknown>()) });
};
const elsewhere: ClientInterceptor = () => client.talk();
createClient(Chat, connection, { timeoutMs: 5, interceptors: [changes, replaces, elsewhere] });
const refuses: ServerInterceptor = () => { throw new BizStatusError(401, "no"); };
const answers: ServerInterceptor = (stream) => stream.send("cached");
const waits: ServerInterceptor = async (stream, next) => {
  await next(wrapStream(stream, { readable: stream.readable.pipeThrough(new TransformStream<unknown, unknown>()) }));
};
serve({ port: 0 }, implement(Chat, { ...parts }, { interceptors: [refuses, answers, waits] }));`,
  },
  {
    name: "observers that hear all, some and nothing",
    code: `const all: Observer = {
  opened: ({ side, protocol, service, method, metadata, metainfo, remoteAddr, startedAt }) => ({
    metainfo: { transient: { traceparent: side + protocol + service + method + metadata.size + metainfo.persistent.size } },
    run: (task) => task(),
    header: (header) => void header.size,
    sent: (bytes) => void bytes.toFixed(),
    received: (bytes) => void bytes.toFixed(),
    draining: () => console.log(remoteAddr, startedAt.toFixed()),
    ended: ({ error, durationMs, firstMessageMs, sentMessages, receivedBytes }) =>
      console.log(error?.message, durationMs, firstMessageMs?.toFixed(), sentMessages, receivedBytes),
  }),
};
const some: Observer = { opened: () => ({ ended() {} }) };
const nothing: Observer = { opened() {} };
connectOver(duplex, { observers: [all, some, nothing, {}], onError: (error, { observer }) => void [error, observer] });
serve({ port: 0, observers: [all], onError: (error, stream, { observer }) => void [error, stream, observer] }, handler);`,
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
    name: "an interceptor that forgets to return",
    code: `const forgets: ServerInterceptor = (stream, next) => { next(stream); }; // wrong
void forgets;`,
    says: /'void' is not assignable to type 'Promise<void>'|not assignable/,
  },
  {
    name: "a client's interceptor that is async",
    code: `const late: ClientInterceptor = async (call, next) => next(call); // wrong
void late;`,
    says: /'Promise<ClientStream<unknown, unknown>>' is missing|not assignable/,
  },
  {
    name: "a messages' type that an interceptor cannot know",
    code: `const knows: ServerInterceptor = (stream, next) => {
  stream.readable.getReader().read().then(({ value }) => value.length); // wrong
  return next(stream);
};
void knows;`,
    says: /'value' is of type 'unknown'/,
  },
  {
    name: "an observer with a misspelt event",
    code: `const misspelt: Observer = { opened: () => ({ finished() {} }) }; // wrong
void misspelt;`,
    says: /'finished' does not exist|not assignable/,
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
