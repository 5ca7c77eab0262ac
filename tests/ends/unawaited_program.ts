// Takes every promise that a stream, a connection and a server hold, lets each reject, and awaits none of them.
import {
  connect,
  type Connection,
  createClient,
  defineService,
  implement,
  serve,
  serveOver,
  type ServerStream,
} from "../../mod.ts";
import { bytes, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";

const Test = defineService("Test", {
  chat: { kind: "bidirectional", request: text, response: text },
  list: { kind: "server", request: text, response: text },
  sum: { kind: "client", request: text, response: text },
});

/** Everything of a stream that can reject by itself. */
function touchAll(connection: Connection, signal: AbortSignal): unknown[] {
  const client = createClient(Test, connection);
  const [chat, list, sum] = [client.chat({ signal }), client.list("go", { signal }), client.sum({ signal })];
  const writer = chat.writable.getWriter();
  const reader = chat.readable.getReader();
  const own = [writer.closed, writer.ready, reader.closed, sum.writable, sum.response, list.readable];
  return [
    ...own,
    ...[chat, list, sum].flatMap((stream) => [stream.header, stream.trailer]),
    connection.closed,
  ];
}

const seen: Promise<ServerStream>[] = [];
const handler = (stream: ServerStream): Promise<void> => {
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  seen.push(Promise.all([writer.closed, writer.ready, reader.closed]).then(() => stream, () => stream));
  touched.push(writer.closed, writer.ready, reader.closed, stream.signal);
  return aborted(stream.signal).then((reason) => Promise.reject(reason));
};
const touched: unknown[] = [];
const server = serve({ port: 0, hostname: "127.0.0.1" }, handler);
const open = () => connect({ port: server.addr.port });

// Cancelled from the start; cancelled later; with the connection; with the server.
const first = await open();
touched.push(touchAll(first, AbortSignal.abort()));
const controller = new AbortController();
touched.push(touchAll(first, controller.signal));
await turn();
controller.abort(new Error("later"));
touched.push(touchAll(first, new AbortController().signal));
await turn();
first.abort(new Error("all of it"));
touched.push(touchAll(first, new AbortController().signal));

const second = await open();
touched.push(touchAll(second, new AbortController().signal));
await turn();
touched.push(server.finished);
await server.shutdown({ graceMs: 0 });
await second.closed.catch(() => {});
touched.push(touchAll(second, new AbortController().signal));

// A client that breaks the protocol.
const [near, far] = duplexPair();
const broken = serveOver(near, implement(Test, { chat: () => {}, list: () => {}, sum: () => "" }));
touched.push(broken.finished);
const writer = far.writable.getWriter();
await writer.write(bytes("not a frame"));
await far.readable.cancel();
await turn();

if (touched.length > 0) console.log("alive");

/** Lets everything at hand happen, timers of 0 included. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
