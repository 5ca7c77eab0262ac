import { assertEquals, assertThrows } from "@std/assert";
import { binary, field, i64, string, struct, ThriftError } from "../../src/thrift/mod.ts";
import { hex } from "./hex.ts";
import recorded from "./kitex_payloads.json" with { type: "json" };

const Message = struct("Message", { message: field(1, string), n: field(2, i64), blob: field(3, binary) });

Deno.test(`all ${recorded.messages.length} messages recorded from Kitex ${recorded.kitex} are read`, () => {
  for (const { hex: payload, message, n, blobHex } of recorded.messages) {
    assertEquals(Message.decode(hex(payload)), { message, n: BigInt(n), blob: hex(blobHex) }, payload);
  }
});

Deno.test("what was read of Kitex's messages is written with the same bytes, fields in the order of their ids", () => {
  for (const { hex: payload } of recorded.messages) {
    const message = Message.decode(hex(payload));
    const again = Message.encode(message);
    assertEquals(Message.decode(again), message);
    if (payload.length / 2 === again.length) assertEquals(again.toSorted(), hex(payload).toSorted(), payload);
  }
});

for (const { scenario, hex: payload } of recorded.broken) {
  Deno.test(`the broken message of ${scenario} is a ThriftError`, () => {
    assertThrows(() => Message.decode(hex(payload)), ThriftError, "Message");
  });
}
