import type { Program } from "./program.ts";

/** What must compile. */
export const right: readonly Program[] = [
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
