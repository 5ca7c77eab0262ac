import { assertEquals } from "@std/assert";
import { connectOver } from "../mod.ts";
import { rejectionText } from "./support/rejection.ts";

Deno.test("a write that fails stops whoever writes without a pause: the event loop turns, and the stream ends", async () => {
  const begun = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<void>();
  const writable = new WritableStream<Uint8Array>({
    write() {
      begun.resolve();
      return broken.promise;
    },
  });
  // The peer's silence: what it may have said last is waited for.
  const connection = connectOver({ readable: new ReadableStream(), writable });
  const writer = connection.openStream({ service: "Test", method: "Echo" }).writable.getWriter();
  await begun.promise;
  broken.reject(new Error("broken pipe"));
  await rejectionText(broken.promise);
  // Far more than the connection holds unsent: without a stop it would go on for ever, and no timer would run.
  const writing = async () => {
    for (let i = 0; i < 100_000; i++) await writer.write(new Uint8Array(100));
  };
  assertEquals(await rejectionText(writing()), "[ttstream error, code=12006] broken pipe");
  assertEquals(await rejectionText(connection.closed), "[ttstream error, code=12006] broken pipe");
});
