/**
 * What the types allow and what they refuse. Each program below is checked by `deno check`, all of them in one run: a
 * wrong one must fail at its marked line, there only, and for the reason given; a right one must not fail.
 */
import { assertEquals, assertMatch } from "@std/assert";

const root = new URL("../", import.meta.url);

/** Stands before every program. */
const PRELUDE = `
import * as library from "${new URL("mod.ts", root)}";
import {
  type AnyMethods, BizStatusError, type ByteDuplex, type Bytes, type CallOptions, type Client, type ClientStream,
  type ClientStreamingCall, type Codec, connect, type Connection, connectOver, createClient, defineService, ErrorCode,
  type Handler, implement, type Implementation, type Metadata, type Method, route, serve, serveOver, type Server,
  type ServerStream, type ServerStreamingCall, type Service, type StreamOpener, TTStreamError,
} from "${new URL("mod.ts", root)}";
declare const text: Codec<string>;
declare const count: Codec<number>;
declare const connection: Connection;
declare const duplex: ByteDuplex;
declare const handler: Handler;
const Chat = defineService("Chat", {
  talk: { kind: "bidirectional", request: text, response: count },
  list: { kind: "server", name: "List", request: count, response: text },
  upload: { kind: "client", request: text, response: count },
});
const client = createClient(Chat, connection);
declare const parts: {
  talk: () => AsyncGenerator<number>;
  list: () => AsyncGenerator<string>;
  upload: () => Promise<number>;
};
void [library, BizStatusError, connect, connectOver, ErrorCode, implement, route, serve, serveOver, TTStreamError, client, handler, duplex];
`;

interface WrongProgram {
  readonly name: string;
  /** Exactly one line, the one that is wrong, ends with `// wrong`. */
  readonly code: string;
  /** What the compiler says. */
  readonly says: RegExp;
}

const wrong: readonly WrongProgram[] = [
  // The client.
  {
    name: "a message of another type on a bidirectional stream",
    code: `await client.talk().writable.getWriter().write(5); // wrong`,
    says: /'number' is not assignable to parameter of type 'string'/,
  },
  {
    name: "a message of another type on a client streaming call",
    code: `await client.upload().writable.getWriter().write(new Uint8Array()); // wrong`,
    says: /is not assignable to parameter of type 'string'/,
  },
  {
    name: "text on a stream of bytes",
    code:
      `await connection.openStream({ service: "a", method: "b" }).writable.getWriter().write("text"); // wrong`,
    says: /'string' is not assignable to parameter of type 'Uint8Array/,
  },
  {
    name: "a request of another type",
    code: `client.list("five"); // wrong`,
    says: /'string' is not assignable to parameter of type 'number'/,
  },
  {
    name: "a server streaming call without its request",
    code: `client.list(); // wrong`,
    says: /Expected 1-2 arguments/,
  },
  {
    name: "options in the place of the request",
    code: `client.list({ timeoutMs: 5 }); // wrong`,
    says: /is not assignable to parameter of type 'number'/,
  },
  {
    name: "a request where the client streams",
    code: `client.upload("text"); // wrong`,
    says: /has no properties in common with type 'CallOptions'/,
  },
  { name: "an unknown method", code: `client.chat(); // wrong`, says: /Property 'chat' does not exist/ },
  {
    name: "the wire name of a method in its property's place",
    code: `client.List(1); // wrong`,
    says: /Property 'List' does not exist/,
  },
  {
    name: "writable of a server streaming call",
    code: `client.list(1).writable; // wrong`,
    says: /Property 'writable' does not exist/,
  },
  {
    name: "readable of a client streaming call",
    code: `client.upload().readable; // wrong`,
    says: /Property 'readable' does not exist/,
  },
  {
    name: "for await over a client streaming call",
    code: `for await (const _ of client.upload()) break; // wrong`,
    says: /Symbol\.asyncIterator/,
  },
  {
    name: "for await over a bidirectional stream itself",
    code: `for await (const _ of client.talk()) break; // wrong`,
    says: /Symbol\.asyncIterator/,
  },
  {
    name: "response of a bidirectional stream",
    code: `await client.talk().response; // wrong`,
    says: /Property 'response' does not exist/,
  },
  {
    name: "response of a server streaming call",
    code: `await client.list(1).response; // wrong`,
    says: /Property 'response' does not exist/,
  },
  {
    name: "a response taken for another type",
    code: `const answer: string = await client.upload().response; // wrong\nvoid answer;`,
    says: /'number' is not assignable to type 'string'/,
  },
  {
    name: "a read message taken for another type",
    code:
      `for await (const word of client.list(1)) {\n  const size: number = word; // wrong\n  void size;\n}`,
    says: /'string' is not assignable to type 'number'/,
  },
  {
    name: "a client assigned to another service's",
    code: `const Other = defineService("Other", { ask: { kind: "server", request: text, response: text } });
const other: Client<typeof Other.methods> = client; // wrong
void other;`,
    says: /Property 'ask' is missing/,
  },
  {
    name: "a client assigned to one whose messages differ",
    code:
      `const Other = defineService("Other", { ...Chat.methods, upload: { kind: "client", request: text, response: text } });
const other: Client<typeof Other.methods> = client; // wrong
void other;`,
    says: /'number' is not assignable to type 'string'/,
  },
  {
    name: "a client assigned to one whose kinds differ",
    code:
      `const Other = defineService("Other", { ...Chat.methods, list: { kind: "client", request: count, response: text } });
const other: Client<typeof Other.methods> = client; // wrong
void other;`,
    says: /not assignable to type/,
  },
  {
    name: "a stream assigned to one whose directions are swapped",
    code: `const swapped: ClientStream<number, string> = client.talk(); // wrong\nvoid swapped;`,
    says: /'ClientStream<string, number>' is not assignable to type 'ClientStream<number, string>'/,
  },
  {
    name: "replacing a client's method",
    code: `client.talk = () => client.talk(); // wrong`,
    says: /read-only property/,
  },
  {
    name: "a client over nothing that opens streams",
    code: `createClient(Chat, {}); // wrong`,
    says: /Property 'openStream' is missing/,
  },
  {
    name: "a client over an opener of something else",
    code: `createClient(Chat, { openStream: () => 5 }); // wrong`,
    says: /'number' is not assignable to type 'ClientStream/,
  },
  {
    name: "a stream opened by a string",
    code: `connection.openStream("Chat"); // wrong`,
    says: /'string' is not assignable/,
  },
  {
    name: "a stream without its method",
    code: `connection.openStream({ service: "Chat" }); // wrong`,
    says: /Property 'method' is missing/,
  },
  // Options of a call.
  {
    name: "a controller in its signal's place",
    code: `client.talk({ signal: new AbortController() }); // wrong`,
    says: /'AbortController' is (missing|not assignable)/,
  },
  {
    name: "a time-out as text",
    code: `client.talk({ timeoutMs: "1s" }); // wrong`,
    says: /'string' is not assignable to type 'number'/,
  },
  {
    name: "an option that there is not",
    code: `client.talk({ timeout: 5 }); // wrong`,
    says: /'timeout' does not exist/,
  },
  {
    name: "numbers in metadata",
    code: `client.talk({ metadata: { a: 1 } }); // wrong`,
    says: /'number' is not assignable to type 'string'/,
  },
  {
    name: "Headers as metadata",
    code: `client.talk({ metadata: new Headers() }); // wrong`,
    says: /'Headers' is not assignable|Index signature/,
  },
  {
    name: "a metainfo of no kind",
    code: `client.talk({ metainfo: { backward: {} } }); // wrong`,
    says: /'backward' does not exist/,
  },
  {
    name: "a parent without metainfo",
    code: `client.talk({ parent: { signal: AbortSignal.abort() } }); // wrong`,
    says: /Property 'metainfo' is missing/,
  },
  // Connections.
  {
    name: "a connection to nowhere",
    code: `await connect({}); // wrong`,
    says: /not assignable to parameter/,
  },
  {
    name: "a connection to a host without a port",
    code: `await connect({ hostname: "localhost" }); // wrong`,
    says: /Property 'port' is missing|not assignable/,
  },
  {
    name: "a port as text",
    code: `await connect({ port: "80" }); // wrong`,
    says: /'string' is not assignable to type 'number'/,
  },
  {
    name: "a name for the service that is none",
    code: `await connect({ port: 1, serviceName: 5 }); // wrong`,
    says: /'number' is not assignable to type 'string'/,
  },
  {
    name: "a connection over half a duplex",
    code: `connectOver({ readable: duplex.readable }); // wrong`,
    says: /Property 'writable' is missing/,
  },
  {
    name: "a connection over streams of text",
    code: `connectOver({ readable: ReadableStream.from(["a"]), writable: duplex.writable }); // wrong`,
    says: /'string' is not assignable to type 'Uint8Array/,
  },
  {
    name: "an address that is TCP and Unix",
    code: `await connect({ port: 1, path: "/a" }); // wrong`,
    says: /No overload|not assignable/,
  },
  {
    name: "an address among connectOver's options",
    code: `connectOver(duplex, { port: 1 }); // wrong`,
    says: /'port' does not exist/,
  },
  // Defining services.
  {
    name: "a kind that there is not",
    code: `defineService("S", { m: { kind: "duplex", request: text, response: text } }); // wrong`,
    says: /"duplex"' is not assignable to type 'MethodKind'|not assignable/,
  },
  {
    name: "a method without a codec",
    code: `defineService("S", { m: { kind: "client", request: text } }); // wrong`,
    says: /Property 'response' is missing/,
  },
  {
    name: "a codec that cannot decode",
    code: `const half: Codec<string> = { encode: () => new Uint8Array() }; // wrong\nvoid half;`,
    says: /Property 'decode' is missing/,
  },
  {
    name: "a codec that encodes to text",
    code:
      `const lazy: Codec<string> = { encode: (message) => message, decode: String }; // wrong\nvoid lazy;`,
    says: /'string' is not assignable to type 'Uint8Array/,
  },
  {
    name: "a codec that encodes later",
    code:
      `const slow: Codec<string> = { encode: async () => new Uint8Array(), decode: String }; // wrong\nvoid slow;`,
    says: /'Promise<Uint8Array<ArrayBuffer>>' is (missing|not assignable)/,
  },
  {
    name: "a codec of another type",
    code: `const other: Codec<number> = text; // wrong\nvoid other;`,
    says: /'Codec<string>' is not assignable to type 'Codec<number>'/,
  },
  {
    name: "a typed method with another codec",
    code:
      `const method: Method<"server", string, number> = { kind: "server", request: text, response: text }; // wrong\nvoid method;`,
    says: /'Codec<string>' is not assignable to type 'Codec<number>'/,
  },
  {
    name: "a typed method of another kind",
    code:
      `const method: Method<"server", string, string> = { kind: "client", request: text, response: text }; // wrong\nvoid method;`,
    says: /"client"' is not assignable to type '"server"'/,
  },
  {
    name: "a name that is no text",
    code: `defineService(5, {}); // wrong`,
    says: /'number' is not assignable to parameter of type 'string'/,
  },
  // Implementing them.
  {
    name: "an implementation without one of the methods",
    code: `implement(Chat, { talk: parts.talk, list: parts.list }); // wrong`,
    says: /Property 'upload' is missing/,
  },
  {
    name: "an implementation with a method that there is not",
    code: `implement(Chat, { ...parts, other: () => {} }); // wrong`,
    says: /'other' does not exist/,
  },
  {
    name: "a class without one of the methods",
    code:
      `class Half { async *talk() { yield 1; }\n  async *list() { yield "a"; } }\nimplement(Chat, new Half()); // wrong`,
    says: /Property 'upload' is missing/,
  },
  {
    name: "answers of another type from a generator",
    code: `implement(Chat, {\n  ...parts,\n  async *list() { yield 5; }, // wrong\n});`,
    says: /'number' is not assignable to type 'string'|not assignable/,
  },
  {
    name: "answers of another type on a bidirectional stream",
    code: `implement(Chat, {\n  ...parts,\n  async *talk() { yield "text"; }, // wrong\n});`,
    says: /'string' is not assignable to type 'number'|not assignable/,
  },
  {
    name: "one answer where many are due",
    code: `implement(Chat, { ...parts, list: () => Promise.resolve(5) }); // wrong`,
    says: /not assignable/,
  },
  {
    name: "a response of another type",
    code: `implement(Chat, { ...parts, upload: () => "text" }); // wrong`,
    says: /'string' is not assignable/,
  },
  {
    name: "no response where one is due",
    code: `implement(Chat, { ...parts, upload: () => {} }); // wrong`,
    says: /'void' is not assignable/,
  },
  {
    name: "a request taken for another type",
    code:
      `implement(Chat, { ...parts, list: async function* (request: string) { yield request; } }); // wrong`,
    says: /'number' is not assignable to type 'string'/,
  },
  {
    name: "readable of a server streaming method's stream",
    code:
      `implement(Chat, {\n  ...parts,\n  list(_request, stream) {\n    void stream.readable; // wrong\n  },\n});`,
    says: /Property 'readable' does not exist/,
  },
  {
    name: "writable of a client streaming method's stream",
    code:
      `implement(Chat, {\n  ...parts,\n  upload(stream) {\n    void stream.writable; // wrong\n    return 1;\n  },\n});`,
    says: /Property 'writable' does not exist/,
  },
  {
    name: "a message of another type written by a handler",
    code:
      `implement(Chat, {\n  ...parts,\n  async talk(stream) {\n    await stream.writable.getWriter().write("text"); // wrong\n  },\n});`,
    says: /'string' is not assignable to parameter of type 'number'/,
  },
  {
    name: "a message taken for another type by a handler",
    code:
      `implement(Chat, {\n  ...parts,\n  async upload(stream) { // wrong\n    for await (const part of stream.readable) return part;\n    return 0;\n  },\n});`,
    says: /'string' is not assignable|not assignable/,
  },
  {
    name: "a class whose method has another type, said by implements",
    code: `class Loud implements Implementation<typeof Chat.methods> {
  talk = parts.talk;
  list = parts.list;
  upload() { return "text"; } // wrong
}
void Loud;`,
    says: /Property 'upload' in type 'Loud' is not assignable/,
  },
  // The handler's stream.
  {
    name: "a handler that returns a value",
    code: `serve({ port: 0 }, () => 5); // wrong`,
    says: /'number' is not assignable/,
  },
  {
    name: "a generator as a plain handler",
    code: `serve({ port: 0 }, async function* () {}); // wrong`,
    says: /'AsyncGenerator.*' is (missing|not assignable)|not assignable/,
  },
  {
    name: "a number as a header's value",
    code: `serve({ port: 0 }, (stream) => void stream.header.set("a", 1)); // wrong`,
    says: /'number' is not assignable to parameter of type 'string'/,
  },
  {
    name: "a change of the metadata that came",
    code: `serve({ port: 0 }, (stream) => void stream.metadata.set("a", "b")); // wrong`,
    says: /Property 'set' does not exist/,
  },
  {
    name: "another service name for a stream",
    code: `serve({ port: 0 }, (stream) => {\n  stream.service = "Other"; // wrong\n});`,
    says: /read-only property/,
  },
  {
    name: "text from a handler of bytes",
    code: `serve({ port: 0 }, (stream) => stream.writable.getWriter().write("text")); // wrong`,
    says: /'string' is not assignable/,
  },
  {
    name: "a route of something else",
    code: `route(Chat); // wrong`,
    says: /not assignable to parameter of type 'Handler'/,
  },
  // Servers.
  { name: "a server nowhere", code: `serve({}, handler); // wrong`, says: /No overload matches/ },
  {
    name: "a server without a handler",
    code: `serve({ port: 0 }); // wrong`,
    says: /No overload matches|Expected 2 arguments/,
  },
  {
    name: "a server on a port that is text",
    code: `serve({ port: "80" }, handler); // wrong`,
    says: /No overload matches/,
  },
  {
    name: "a server on a port and a path",
    code: `serve({ port: 0, path: "/tmp/socket" }, handler); // wrong`,
    says: /No overload matches/,
  },
  {
    name: "a server's time-out as text",
    code: `serve({ port: 0, frameTimeoutMs: "1s" }, handler); // wrong`,
    says: /No overload matches/,
  },
  {
    name: "the port of a Unix server",
    code: `const { port } = serve({ path: "/tmp/socket" }, handler).addr; // wrong\nvoid port;`,
    says: /Property 'port' does not exist on type 'UnixAddr'/,
  },
  {
    name: "the path of a TCP server",
    code: `const { path } = serve({ port: 0 }, handler).addr; // wrong\nvoid path;`,
    says: /Property 'path' does not exist on type 'NetAddr'/,
  },
  {
    name: "a TCP server assigned to a Unix one",
    code: `const server: Server<Deno.UnixAddr> = serve({ port: 0 }, handler); // wrong\nvoid server;`,
    says: /'Server<(Deno\.)?NetAddr>' is not assignable to type 'Server<(Deno\.)?UnixAddr>'/,
  },
  {
    name: "onListen of a Unix server that asks for a port",
    code: `serve({ path: "/tmp/socket", onListen: ({ port }) => void port }, handler); // wrong`,
    says: /Property 'port' does not exist/,
  },
  {
    name: "the path of a TCP listener's server",
    code:
      `const { path } = serve({ listener: Deno.listen({ port: 0 }) }, handler).addr; // wrong\nvoid path;`,
    says: /Property 'path' does not exist/,
  },
  {
    name: "a listener that cannot accept",
    code: `serve({ listener: { addr: { transport: "tcp", hostname: "", port: 0 } } }, handler); // wrong`,
    says: /No overload matches/,
  },
  {
    name: "an address among serveOver's options",
    code: `serveOver(duplex, handler, { port: 0 }); // wrong`,
    says: /'port' does not exist/,
  },
  {
    name: "a grace as a bare number",
    code: `await serve({ port: 0 }, handler).shutdown(5); // wrong`,
    says: /'5' has no properties in common|not assignable/,
  },
  // Errors.
  {
    name: "a business error's code as text",
    code: `new BizStatusError("404", "no"); // wrong`,
    says: /'string' is not assignable to parameter of type 'number'/,
  },
  {
    name: "a business error with numbers in extra",
    code: `new BizStatusError(404, "no", { a: 1 }); // wrong`,
    says: /'number' is not assignable to type 'string'/,
  },
  {
    name: "another value for a code",
    code: `ErrorCode.Canceled = 12008; // wrong`,
    says: /read-only property/,
  },
  {
    name: "a kind of error that there is not",
    code:
      `const isCanceled = (error: TTStreamError) => error.kind === "cancelled"; // wrong\nvoid isCanceled;`,
    says: /no overlap/,
  },
  {
    name: "a change of an error's path",
    code: `const grow = (error: TTStreamError) => error.cancelPath.push("A"); // wrong\nvoid grow;`,
    says: /Property 'push' does not exist/,
  },
];

const right: readonly { readonly name: string; readonly code: string }[] = [
  {
    name: "all three kinds, implemented without a type written",
    code: `implement(Chat, {
  async *talk(stream) {
    for await (const message of stream.readable) yield message.length;
  },
  async *list(request, stream) {
    if (stream.signal.aborted) return;
    for (let i = 0; i < request; i++) yield i.toFixed();
  },
  async upload(stream) {
    let size = 0;
    for await (const part of stream.readable) size += part.length;
    return size;
  },
});`,
  },
  {
    name: "all three kinds, implemented with streams and without answers",
    code: `implement(Chat, {
  talk: (stream) => stream.readable.pipeThrough(new TransformStream<string, number>()).pipeTo(stream.writable),
  async list(request, stream) {
    const writer = stream.writable.getWriter();
    await writer.write(String(request));
    await writer.close();
  },
  upload: () => 5,
});`,
  },
  {
    name: "answers from a ReadableStream, later",
    code: `implement(Chat, { ...parts, list: async () => ReadableStream.from(["a", "b"]) });`,
  },
  {
    name: "a class instance, with and without implements",
    code: `class Loud implements Implementation<typeof Chat.methods> {
  #greeting = "hi";
  async *talk(stream: ServerStream<string, number>) { yield stream.service.length; }
  async *list(request: number) { yield this.#greeting.repeat(request); }
  upload() { return this.#greeting.length; }
}
class Quiet {
  async *talk() { yield 1; }
  async *list(request: number) { yield String(request); }
  async upload(stream: Omit<ServerStream<string, number>, "writable">) { return (await Array.fromAsync(stream.readable)).length; }
}
route(implement(Chat, new Loud()), implement(Chat, new Quiet()));`,
  },
  {
    name: "calls of all three kinds",
    code: `const talk: ClientStream<string, number> = client.talk({ timeoutMs: 5 });
const list: ServerStreamingCall<string> = client.list(5, { recvTimeoutMs: 5, cancelRemoteOnRecvTimeout: false });
const upload: ClientStreamingCall<string, number> = client.upload();
await talk.writable.getWriter().write("text");
for await (const message of talk.readable) message.toFixed();
for await (const message of list) message.trim();
for await (const message of list.readable) message.trim();
(await upload.response).toFixed();
const header: Metadata = await talk.header;
header.get("a")?.trim();
(await list.trailer).forEach((value, key) => value + key);`,
  },
  {
    name: "every object in an await using",
    code: `await using server = serve({ port: 0 }, handler);
await using dialed = await connect({ port: server.addr.port });
await using stream = dialed.openStream({ service: "a", method: "b" });
await using talk = client.talk();
await using list = client.list(1);
await using upload = client.upload();
void [stream, talk, list, upload];`,
  },
  {
    name: "a pool as the opener",
    code: `class Pool implements StreamOpener {
  #connections: Connection[] = [];
  #next = 0;
  openStream(target: { service: string; method: string }, options?: CallOptions): ClientStream {
    const chosen = this.#connections[this.#next++ % this.#connections.length];
    if (chosen === undefined) throw new Error("empty");
    return chosen.openStream(target, options);
  }
}
createClient(Chat, new Pool()).list(1);`,
  },
  {
    name: "middleware around a route",
    code: `const log = (next: Handler): Handler => async (stream) => {
  const begun = performance.now();
  try {
    await next(stream);
  } finally {
    console.log(stream.service, stream.method, performance.now() - begun, stream.signal.reason);
  }
};
serve({ port: 0 }, log(route(implement(Chat, parts))));
const kept: Handler = Object.assign(log(handler), { services: handler.services });
void kept;`,
  },
  {
    name: "a cascade by parent, from a typed and from a raw stream",
    code: `implement(Chat, {
  ...parts,
  async *list(request, stream) {
    yield* client.list(request, { parent: stream });
  },
  async upload(stream) {
    await using call = client.upload({ parent: stream, signal: AbortSignal.any([stream.signal, AbortSignal.timeout(5)]) });
    return await call.response;
  },
});
serve({ port: 0 }, async (stream) => {
  const down = connection.openStream(stream, { parent: stream });
  await Promise.all([stream.readable.pipeTo(down.writable), down.readable.pipeTo(stream.writable)]);
});`,
  },
  {
    name: "an echo of bytes",
    code: `serve({ port: 0 }, (stream) => stream.readable.pipeTo(stream.writable));
const payloads: ReadableStream<Bytes> = connection.openStream({ service: "a", method: "b" }).readable;
void payloads;`,
  },
  {
    name: "every address, and the server's address of its own type",
    code:
      `const tcp: Server<Deno.NetAddr> = serve({ port: 0, onListen: ({ port }) => void port.toFixed() }, handler);
const unix: Server<Deno.UnixAddr> = serve({ path: "/a", onListen: ({ path }) => void path.trim() }, handler);
const given: Server<Deno.NetAddr> = serve({ listener: Deno.listenTls({ port: 0, cert: "", key: "" }) }, handler);
const any: Server[] = [tcp, unix, given];
const addresses: string[] = [tcp.addr.hostname, unix.addr.path, given.addr.hostname, any[0]?.addr.transport ?? ""];
await connect({ port: 1, tls: true });
await connect({ hostname: "a", port: 1, tls: { caCerts: ["a"], alpnProtocols: ["b"], cert: "c", key: "d" } });
await connect({ path: "/a", signal: AbortSignal.timeout(5), serviceName: "A" });
void addresses;`,
  },
  {
    name: "undefined for every option",
    code:
      `connectOver(duplex, { serviceName: undefined, maxFrameBytes: undefined, maxBufferedBytes: undefined });
client.talk({
  signal: undefined, parent: undefined, metadata: undefined, metainfo: undefined, timeoutMs: undefined,
  recvTimeoutMs: undefined, cancelRemoteOnRecvTimeout: undefined,
});
client.talk({ metainfo: { persistent: undefined, transient: undefined } });
await connect({ port: 1, hostname: undefined, tls: undefined, signal: undefined });
serve({
  port: 0, hostname: undefined, reusePort: undefined, cert: undefined, key: undefined, serviceName: undefined,
  signal: undefined, onListen: undefined, onError: undefined, maxFrameBytes: undefined, maxBufferedBytes: undefined,
  maxStreams: undefined, frameTimeoutMs: undefined,
}, handler);
await serve({ port: 0 }, handler).shutdown({ graceMs: undefined });
new BizStatusError(1, "m", undefined);
defineService("S", { m: { kind: "server", name: undefined, request: text, response: text } });`,
  },
  {
    name: "metadata as a record, a Map, and what came",
    code: `client.talk({ metadata: { a: "b" }, metainfo: { persistent: new Map([["a", "b"]]) } });
client.talk({ metadata: await client.talk().header });
serve({ port: 0 }, (stream) => {
  client.talk({ metainfo: stream.metainfo, metadata: stream.metadata });
  stream.header.set("a", "b").set("c", "d");
  stream.trailer.delete("a");
  stream.sendHeader();
});`,
  },
  {
    name: "errors told apart",
    code: `try {
  await client.upload().response;
} catch (error) {
  if (error instanceof BizStatusError) error.statusCode.toFixed();
  else if (error instanceof TTStreamError) {
    switch (error.kind) {
      case "application": case "protocol": case "canceled": case "timeout": break;
      default: error.kind satisfies never;
    }
    if (error.code === ErrorCode.Canceled) error.cancelPath.join(" -> ").trim();
    const side: "client" | "server" | undefined = error.side;
    void side;
  }
}
const canceled: 12007 = ErrorCode.Canceled;
void canceled;`,
  },
  {
    name: "services as values of their general types",
    code: `const any: Service<AnyMethods> = Chat;
const names: string[] = Object.keys(any.methods);
const method: Method<"server", number, string> = Chat.methods.list;
const one = defineService("One", { method });
createClient(one, connection).method(5);
void names;`,
  },
  {
    name: "a codec with the fast path",
    code: `const fast: Codec<number> = {
  encode: (message) => Uint8Array.of(message),
  decode: (payload) => payload[0] ?? 0,
  encodeInto: (message, buffer) => buffer.writeUint8(message),
};
defineService("S", { m: { kind: "server", request: fast, response: fast } });`,
  },
];

interface Diagnostic {
  readonly line: number;
  readonly message: string;
}

/** Checks programs, each in a file of its own, and gives back what the compiler says of each, by index. */
async function check(programs: readonly string[]): Promise<Map<number, Diagnostic[]>> {
  const folder = await Deno.makeTempDir();
  try {
    const files = programs.map((_, index) => `${folder}/program${index}.ts`);
    for (const [index, file] of files.entries()) {
      await Deno.writeTextFile(file, PRELUDE + (programs[index] ?? ""));
    }
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", "deno.json", ...files],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
    }).output();
    const output = new TextDecoder().decode(stderr);
    const found = diagnosticsIn(output);
    if (code === 0 || found.size === 0) throw new Error(`deno check ended with ${code}:\n${output}`);
    return found;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Each diagnostic begins with its TS number and is where the first place named in it is. */
function diagnosticsIn(output: string): Map<number, Diagnostic[]> {
  const found = new Map<number, Diagnostic[]>();
  for (const message of output.split(/^(?=TS\d+ \[ERROR\]: )/m)) {
    const place = /^ {4}at file:\S*\/program(\d+)\.ts:(\d+):\d+$/m.exec(message);
    // What is elsewhere belongs to the diagnostic before it: a declaration that it speaks of.
    if (place === null) continue;
    const index = Number(place[1]);
    found.set(index, [...found.get(index) ?? [], { line: Number(place[2]), message }]);
  }
  return found;
}

Deno.test("programs that use the library wrongly do not compile, and those that use it rightly do", async (t) => {
  const programs = [...wrong, ...right];
  const found = await check(programs.map(({ code }) => code));
  const before = PRELUDE.split("\n").length;
  for (const [index, { name, code, says }] of wrong.entries()) {
    await t.step(`wrong: ${name}`, () => {
      const diagnostics = found.get(index) ?? [];
      const marked = code.split("\n").flatMap((line, at) => line.endsWith("// wrong") ? [before + at] : []);
      assertEquals(marked.length, 1);
      assertEquals(
        diagnostics.map(({ line }) => line),
        marked,
        diagnostics.map(({ message }) => message).join("\n"),
      );
      assertMatch(diagnostics.map(({ message }) => message).join("\n"), says);
    });
  }
  for (const [offset, { name }] of right.entries()) {
    await t.step(`right: ${name}`, () => assertEquals(found.get(wrong.length + offset) ?? [], []));
  }
});
