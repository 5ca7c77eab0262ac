/** The same server streaming with grpc-js on Deno. */
import { Server, ServerCredentials, type ServerWritableStream } from "npm:@grpc/grpc-js@^1";
import { Buffer } from "node:buffer";
import { answerCommands, Span } from "../answer.ts";
import { type Order, payloadBytes } from "../commands.ts";
import { stream } from "./service.ts";

async function send(call: ServerWritableStream<Buffer, Buffer>): Promise<void> {
  const { ms, size }: Order = JSON.parse(call.request.toString());
  const message = Buffer.alloc(payloadBytes(size));
  for (const span = new Span(ms); !span.over;) {
    if (!call.write(message)) await new Promise<void>((resolve) => call.once("drain", () => resolve()));
  }
  call.end();
}

const server = new Server();
server.addService({ stream }, { stream: send });
const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync(
    "127.0.0.1:0",
    ServerCredentials.createInsecure(),
    (error, port) => error === null ? resolve(port) : reject(error),
  );
});
await answerCommands({ port }, () => {
  throw new Error("a server has no such command");
});
