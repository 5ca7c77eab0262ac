/** What a program in Node has of the library: streams over Node's own sockets, and errors that say what needs Deno. */
import { once } from "node:events";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import {
  type ByteDuplex,
  connect,
  connectOver,
  createClient,
  defineService,
  dnsAddresses,
  implement,
  serve,
  serveOver,
} from "../../mod.ts";
import { text } from "../support/codecs.ts";

const Chat = defineService("Chat", { talk: { kind: "bidirectional", request: text, response: text } });
const handler = implement(Chat, {
  async *talk(stream) {
    for await (const word of stream.readable) yield word.toUpperCase();
  },
});

/** The bytes of a socket. */
function bytesOf(socket: Socket): ByteDuplex {
  return {
    readable: ReadableStream.from<Uint8Array>(socket),
    // Not Writable.toWeb(): its stream of a socket that the peer has closed may end the process.
    writable: new WritableStream({
      write: (bytes) =>
        new Promise((resolve, reject) => socket.write(bytes, (error) => error ? reject(error) : resolve())),
      close: () => void socket.end(),
      abort: () => void socket.destroy(),
    }),
  };
}

async function overSocket(): Promise<string[]> {
  const served: Promise<void>[] = [];
  const server = createServer((socket) => served.push(serveOver(bytesOf(socket), handler).finished));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`listens on ${address}`);
  const connection = connectOver(bytesOf(connectSocket(address.port, "127.0.0.1")));
  const talk = createClient(Chat, connection).talk();
  const [said] = await Promise.all([Array.fromAsync(talk), talk.sendAll(["one", "two"])]);
  await connection.close();
  await Promise.all(served);
  server.close();
  return said;
}

async function errorOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "none";
  } catch (error) {
    return `${error}`;
  }
}

function say(what: string, said: unknown): void {
  console.log(`${what}: ${JSON.stringify(said)}`);
}

say("over a socket", await overSocket());
say("connect", await errorOf(() => connect({ port: 8888 })));
say("serve", await errorOf(() => serve({ port: 0 }, handler)));
const resolver = dnsAddresses("chat.example", 8888);
say(
  "dnsAddresses",
  await errorOf(() => resolver(new AbortController().signal)[Symbol.asyncIterator]().next()),
);
