/** The client of the same with grpc-js on Deno. Argument: the server's port. */
import { Client, credentials } from "npm:@grpc/grpc-js@^1";
import { Buffer } from "node:buffer";
import { answerCommands, each } from "../answer.ts";
import { type Command, type Order, payloadBytes, type Reply } from "../commands.ts";
import { echo, stream } from "./service.ts";

const client = new Client(`127.0.0.1:${Deno.args[0]}`, credentials.createInsecure());

async function answer(command: Command): Promise<Reply> {
  if (command.do === "calls") {
    const message = Buffer.alloc(payloadBytes(command.size));
    for (let i = 0; i < command.count; i++) await call(message);
    return { count: command.count };
  }
  if (command.do !== "stream") throw new Error("the client has no such command");
  const order: Order = { ms: command.ms, size: command.size };
  return await each(command.streams ?? 1, () => receiveAll(Buffer.from(JSON.stringify(order))));
}

/** A stream with a message there and back. */
async function call(message: Buffer): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = echo;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  stream.on("data", () => stream.end());
  stream.write(message);
  await new Promise<void>((resolve, reject) => {
    stream.on("end", resolve);
    stream.on("error", reject);
  });
}

async function receiveAll(request: Buffer): Promise<number> {
  const { path, requestSerialize, responseDeserialize } = stream;
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  let count = 0;
  // Its events are several times faster than its async iterator.
  call.on("data", () => count++);
  await new Promise<void>((resolve, reject) => {
    call.on("end", resolve);
    call.on("error", reject);
  });
  return count;
}

await answerCommands({}, answer);
