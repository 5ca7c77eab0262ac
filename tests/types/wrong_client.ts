import type { WrongProgram } from "./program.ts";

/** What a client must not do. */
export const wrongClient: readonly WrongProgram[] = [
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
];
