/**
 * A bidirectional echo: both sides send and receive at the same time, over one connection.
 *
 *     deno run -N examples/echo.ts
 */
import { connect, createClient, implement, serve } from "@ttstream/ttstream";
// Generated from chat.thrift. The same value describes the service to its server and to its clients: their types
// follow from it.
import { Echo } from "./gen/chat.ts";

await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Echo, {
    // What a handler returns or yields is sent. The client's `writable.close()` ends this loop.
    async *echo({ readable }) {
      for await (const { message } of readable) yield { word: message.toUpperCase() };
    },
  }),
);

await using connection = await connect({ ...server.addr, serviceName: "EchoClient" });
await using stream = createClient(Echo, connection).echo();

async function send(messages: string[]): Promise<void> {
  const writer = stream.writable.getWriter();
  // Await every write: that is the back-pressure.
  for (const message of messages) await writer.write({ message });
  await writer.close(); // half close: "I am done", while the answers still come
}

async function receive(): Promise<void> {
  for await (const { word } of stream.readable) console.log(word);
}

await Promise.all([send(["hello", "and", "goodbye"]), receive()]);
