// A client that ends a stream, awaits that, and exits: the server must have been told.
import { connect, createClient, defineService } from "../../mod.ts";
import { text } from "../support/codecs.ts";

const Test = defineService("Test", {
  chat: { kind: "bidirectional", request: text, response: text },
  list: { kind: "server", request: text, response: text },
  sum: { kind: "client", request: text, response: text },
});
const [how = "", where = ""] = Deno.args;
const port = Number(where);
const connection = await connect(Number.isNaN(port) ? { path: where } : { hostname: "127.0.0.1", port });
const client = createClient(Test, connection);
const controller = new AbortController();
const options = { signal: controller.signal };
const stream = connection.openStream({ service: "Test", method: "chat" }, options);
const [chat, list, sum] = [client.chat(options), client.list("go", options), client.sum(options)];
// A stream that ends in the same read as it begins never comes to its handler.
await Promise.all([stream, chat, list, sum].map(({ header }) => header));
// Much is queued before it.
const upload = how.startsWith("behind an upload") ? stream.writable.getWriter() : undefined;
for (let i = 0; i < 4; i++) upload?.write(new Uint8Array(256 * 1024)).catch(() => {});

switch (how) {
  case "cancel":
  case "behind an upload, cancel":
    await Promise.all([stream.cancel(), chat.cancel(), list.cancel(), sum.cancel()]);
    break;
  case "dispose":
    await Promise.all([stream, chat, list, sum].map((call) => call[Symbol.asyncDispose]()));
    break;
  case "a signal, cancel":
    controller.abort();
    await Promise.all([stream.cancel(), chat.cancel(), list.cancel(), sum.cancel()]);
    break;
  case "a signal, dispose":
    controller.abort();
    await Promise.all([stream, chat, list, sum].map((call) => call[Symbol.asyncDispose]()));
    break;
  case "readable.cancel":
    await Promise.all([
      stream.readable.cancel(),
      chat.readable.cancel(),
      list.readable.cancel(),
      sum.cancel(),
    ]);
    break;
  case "writable.abort":
    await Promise.all([stream.writable.abort(), chat.writable.abort(), list.cancel(), sum.writable.abort()]);
    break;
  case "break":
    for (const call of [stream, chat, list]) await call[Symbol.asyncIterator]().return?.();
    await sum.cancel();
    break;
  case "the connection's dispose":
    await connection[Symbol.asyncDispose]();
    break;
  case "close with a grace":
    await connection.close({ graceMs: 0 });
    break;
  default:
    throw new Error(how);
}
Deno.exit(7);
