/** Server streaming and an echo with grpc-js on Deno. */
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
} from "npm:@grpc/grpc-js@^1";
import { Buffer } from "node:buffer";
import { answerCommands, Span } from "../answer.ts";
import { type Order, payloadBytes } from "../commands.ts";
import { echo, stream } from "./service.ts";

async function send(call: ServerWritableStream<Buffer, Buffer>): Promise<void> {
  const { ms, size }: Order = JSON.parse(call.request.toString());
  const message = Buffer.alloc(payloadBytes(size));
  for (const span = new Span(ms); !span.over;) {
    if (!call.write(message)) await new Promise<void>((resolve) => call.once("drain", () => resolve()));
  }
  call.end();
}

function sendBack(call: ServerDuplexStream<Buffer, Buffer>): void {
  call.on("data", (message: Buffer) => call.write(message));
  call.on("end", () => call.end());
}

const server = new Server();
server.addService({ stream, echo }, { stream: send, echo: sendBack });
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
