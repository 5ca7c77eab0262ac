/** Protobuf messages on real streams, a call of each kind. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { Chat } from "../../examples/protobuf/gen/chat_pb.ts";
import { type Client, createClient, implement, type Implementation, type ServerOptions } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { protobufService } from "../../src/protobuf/mod.ts";
import { untyped } from "../support/untyped.ts";
import { bytes } from "../support/codecs.ts";
import { grpcErrorOf } from "../support/failures.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { messageOf } from "../support/rejection.ts";

const Chats = protobufService(Chat);
type Methods = typeof Chats.methods;

const implementation: Implementation<Methods> = {
  reply: ({ message }) => ({ word: message.toUpperCase() }),
  async *ask({ message, maxWords }) {
    const words = message.split(" ");
    for (const word of maxWords === 0 ? words : words.slice(0, maxWords)) yield { word };
  },
  async listen({ readable }) {
    return { words: (await Array.fromAsync(readable)).length };
  },
  async *echo({ readable }) {
    yield* readable;
  },
};

/** Opens a client and a server of the chat over TCP. */
async function chatting(
  parts: Partial<Implementation<Methods>>,
  use: (client: Client<Methods>, connection: Awaited<ReturnType<typeof connectTo>>) => Promise<void>,
  options: ServerOptions<Deno.NetAddr> = {},
): Promise<void> {
  await using server = serveLocally(implement(Chats, { ...implementation, ...parts }), {
    protocols: [grpc()],
    ...options,
  });
  await using connection = await connectTo(server, { protocol: grpc() });
  await use(createClient(Chats, connection), connection);
}

Deno.test("a call of each kind, with requests and answers as plain objects", async () => {
  await chatting({}, async (chat) => {
    assertEquals((await chat.reply({ message: "why" })).word, "WHY");

    const words = await Array.fromAsync(chat.ask({ message: "a b c", maxWords: 2 }), ({ word }) => word);
    assertEquals(words, ["a", "b"]);

    const listening = chat.listen();
    await listening.sendAll([{ word: "a" }, {}, { word: "c" }]);
    assertEquals((await listening.response).words, 3);

    const echo = chat.echo();
    await echo.sendAll([{ word: "ping" }, { word: "pong" }]);
    const echoed = await Array.fromAsync(echo);
    assertEquals(echoed.map(({ $typeName, word }) => [$typeName, word]), [
      ["chat.v1.Word", "ping"],
      ["chat.v1.Word", "pong"],
    ]);
  });
});

Deno.test("a message without fields is one of no bytes, and comes whole", async () => {
  await chatting({ reply: () => ({}) }, async (chat) => {
    const { $typeName, word } = await chat.reply({});
    assertEquals([$typeName, word], ["chat.v1.Word", ""]);
  });
});

Deno.test("a request that is no such message fails its own stream, and says which type it should have been", async () => {
  const reported: string[] = [];
  await chatting({}, async (chat, connection) => {
    const stream = connection.openStream({ service: "chat.v1.Chat", method: "Reply" });
    await stream.send(bytes("no message"));
    const error = await grpcErrorOf(Array.fromAsync(stream));
    assertEquals(error.message.includes("chat.v1.AskRequest: cannot decode 10 bytes: "), true, error.message);
    assertEquals((await chat.reply({ message: "still" })).word, "STILL");
  }, { onError: (error) => void reported.push(messageOf(error)) });
  assertEquals(reported.length, 1);
});

Deno.test("a request that cannot be encoded errors its call, and names the field", async () => {
  await chatting({}, async (chat) => {
    const error = await grpcErrorOf(chat.reply({ message: "a", maxWords: 2 ** 31 }));
    assertEquals([error.code, error.description], [
      1,
      "chat.v1.AskRequest: cannot encode field chat.v1.AskRequest.max_words to binary: invalid int32: 2147483648",
    ]);
    assertEquals(error.cause instanceof Error && error.cause.name, "ProtobufError");
    assertEquals((await chat.reply({ message: "still" })).word, "STILL");
  });
});

Deno.test("a response that is no message is the handler's fault, and the client reads it in words", async () => {
  const reported: unknown[] = [];
  await chatting({ reply: () => untyped<{ word: string }>(undefined) }, async (chat) => {
    const error = await grpcErrorOf(chat.reply({ message: "a" }));
    assertEquals(error.description.includes("a chat.v1.Word must be an object, got undefined"), true);
  }, { onError: (error) => void reported.push(error) });
  assertEquals(reported.length, 1);
  assertInstanceOf(reported[0], TypeError);
});
