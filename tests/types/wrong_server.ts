import type { WrongProgram } from "./program.ts";

/** What a service, its handlers and its server must not do, nor anybody with an error. */
export const wrongServer: readonly WrongProgram[] = [
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
    says: /'Codec<string, string>' is not assignable to type 'Codec<number, number>'/,
  },
  {
    name: "a typed method with another codec",
    code:
      `const method: Method<"server", string, number> = { kind: "server", request: text, response: text }; // wrong\nvoid method;`,
    says: /'Codec<string, string>' is not assignable to type 'Codec<number, number>'/,
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
    name: "an implementation that says it is whole, and lacks a method",
    code:
      `implement(Chat, { talk: parts.talk, list: parts.list } satisfies Implementation<typeof Chat.methods>); // wrong`,
    says: /Property 'upload' is missing/,
  },
  {
    name: "an implementation with a method that there is not",
    code: `implement(Chat, { ...parts, other: () => {} }); // wrong`,
    says: /'other' does not exist/,
  },
  {
    name: "a class that says it is whole, and lacks a method",
    code:
      `class Half implements Implementation<typeof Chat.methods> { async *talk() { yield 1; } async *list() { yield "a"; } } // wrong\nimplement(Chat, new Half());`,
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
