/**
 * Two protocols on one port: one handler serves clients of TTHeader Streaming and of gRPC. Each is told of a cancel and
 * of an error in its protocol's own words. Unary calls are gRPC's.
 *
 *     deno run -N examples/grpc.ts
 */
import { connect, createClient, implement, serve, StreamError, ttheader } from "@ttstream/ttstream";
import { grpc, GrpcError, GrpcStatus } from "@ttstream/ttstream/grpc";
import { protobufService } from "@ttstream/ttstream/protobuf";
import { setTimeout } from "node:timers/promises";
import { Chat } from "./protobuf/gen/chat_pb.ts";

const ChatService = protobufService(Chat);

await using server = serve(
  // A connection's first bytes tell which of them it speaks.
  { port: 0, hostname: "127.0.0.1", protocols: [ttheader(), grpc()], onError() {} },
  implement(ChatService, {
    async *ask({ message }, { signal, protocol }) {
      // Over gRPC this is the status; over TTHeader Streaming, a failed handler with this text.
      if (message === "") throw new GrpcError(GrpcStatus.InvalidArgument, "no question");
      try {
        for (;;) {
          yield { word: `${message}?` };
          await setTimeout(10, undefined, { signal });
        }
      } finally {
        if (signal.aborted) console.log(`${protocol}: server: ${signal.reason.message}`);
      }
    },
    reply: ({ message }) => ({ word: message.toUpperCase() }),
    listen: () => ({ words: 0 }),
    async *echo({ readable }) {
      yield* readable;
    },
  }),
);

for (const protocol of [ttheader(), grpc()]) {
  await using connection = await connect({ ...server.addr, serviceName: "ServiceA", protocol });
  const chat = createClient(ChatService, connection, { timeoutMs: 10_000 });

  for await (const { word } of chat.ask({ message: "why" })) {
    console.log(`${protocol.name}: ${word}`);
    break; // a Rst frame in the one, RST_STREAM in the other: the server knows at once
  }

  try {
    for await (const { word } of chat.ask({})) console.log(word);
  } catch (error) {
    if (!(error instanceof StreamError)) throw error; // a TTStreamError or a GrpcError
    console.log(`${protocol.name}: client: ${error.message}`);
  }

  if (protocol.name === "grpc") console.log(`grpc: ${(await chat.reply({ message: "bye" })).word}`);
}
