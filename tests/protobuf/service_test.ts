import { assertEquals, assertThrows } from "@std/assert";
import { protobufService } from "../../src/protobuf/mod.ts";
import { Chat } from "../../examples/protobuf/gen/chat_pb.ts";
import { EmptySchema, TestService } from "../interop/grpc/gen/test_pb.ts";
import { untyped } from "../support/untyped.ts";

Deno.test("a service has the descriptor's full name, and methods by local name with their kinds and wire names", () => {
  const { name, methods } = protobufService(TestService);
  assertEquals(name, "grpc.testing.TestService");
  assertEquals(Object.entries(methods).map(([property, { kind, name }]) => [property, kind, name]), [
    ["emptyCall", "unary", "EmptyCall"],
    ["unaryCall", "unary", "UnaryCall"],
    ["cacheableUnaryCall", "unary", "CacheableUnaryCall"],
    ["streamingOutputCall", "server", "StreamingOutputCall"],
    ["streamingInputCall", "client", "StreamingInputCall"],
    ["fullDuplexCall", "bidirectional", "FullDuplexCall"],
    ["halfDuplexCall", "bidirectional", "HalfDuplexCall"],
    ["unimplementedCall", "unary", "UnimplementedCall"],
  ]);
});

Deno.test("a method has the codecs of its own messages", () => {
  const { methods: { listen } } = protobufService(Chat);
  const word = listen.request.decode(listen.request.encode({ word: "tea" }).slice());
  assertEquals([word.$typeName, word.word], ["chat.v1.Word", "tea"]);
  const summary = listen.response.decode(listen.response.encode({ words: 3 }).slice());
  assertEquals([summary.$typeName, summary.words], ["chat.v1.Summary", 3]);
});

Deno.test("what is no service descriptor makes no service", () => {
  for (const [desc, got] of [[EmptySchema, 'got "message"'], [undefined, "got undefined"]] as const) {
    const message = `a service descriptor has the kind "service", ${got}`;
    assertThrows(() => protobufService(untyped<typeof TestService>(desc)), TypeError, message);
  }
});
