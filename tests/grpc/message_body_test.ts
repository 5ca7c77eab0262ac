import { assertEquals } from "@std/assert";
import { MessageBody } from "../../src/grpc/message_body.ts";
import { Random } from "../support/random.ts";

Deno.test("a message is what has come of it, wherever it was cut", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const length = 1 + random.below(100_000);
    const bytes = Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8));
    const largest = 1 + random.below(length);
    const body = new MessageBody(length);
    for (let at = 0; at < length;) {
      const part = bytes.subarray(at, at + 1 + random.below(largest));
      const whole = body.add(part);
      at += part.length;
      assertEquals(body.size, at);
      assertEquals(whole, at === length ? bytes : undefined, `seed ${seed}, ${at} of ${length}`);
    }
  }
});

Deno.test("a message that comes byte by byte becomes whole", () => {
  const bytes = Uint8Array.from({ length: 5_000 }, (_, i) => i);
  const body = new MessageBody(bytes.length);
  let whole;
  for (const byte of bytes) whole = body.add(Uint8Array.of(byte));
  assertEquals(whole, bytes);
});
