/**
 * A service of a `.proto` file over gRPC: `protoc-gen-es` generates its descriptor and messages, `protobufService` makes
 * of it what `createClient` and `implement` take. Messages are read whole, and written as plain objects.
 *
 *     deno run -N examples/protobuf.ts
 */
import { connect, createClient, implement, serve } from "@ttstream/ttstream";
import { grpc } from "@ttstream/ttstream/grpc";
import { protobufService } from "@ttstream/ttstream/protobuf";
import { Chat } from "./protobuf/gen/chat_pb.ts";

const ChatService = protobufService(Chat);

await using server = serve(
  { port: 0, hostname: "127.0.0.1", protocols: [grpc()] },
  implement(ChatService, {
    async *ask({ message, maxWords }) {
      const words = message.split(" ").reverse();
      for (const word of maxWords === 0 ? words : words.slice(0, maxWords)) yield { word };
    },
    async listen({ readable }) {
      let words = 0;
      for await (const { word } of readable) words += word === "" ? 0 : 1;
      return { words };
    },
    async *echo({ readable }) {
      yield* readable;
    },
    reply: ({ message }) => ({ word: message.toUpperCase() }),
  }),
);

await using connection = await connect({ ...server.addr, protocol: grpc() });
const chat = createClient(ChatService, connection);

for await (const { word } of chat.ask({ message: "why is the sky blue", maxWords: 2 })) console.log(word);

const listening = chat.listen();
await listening.sendAll([{ word: "so" }, {}, { word: "it" }, { word: "is" }]);
console.log((await listening.response).words, "words");
