import { assertEquals } from "@std/assert";
import { connectOver } from "../../mod.ts";
import { grpc, GrpcError } from "../../src/grpc/mod.ts";
import { goAway, join, settings } from "../http2/wire.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection } from "../support/rejection.ts";

Deno.test("A stream that a GOAWAY refuses is retryable, and its connection closes without it.", async () => {
  const [near, far] = duplexPair();
  const connection = await connectOver(near, { protocol: grpc() });
  const { readable, closed } = connection.openStream({ service: "Test", method: "Method" });
  const writer = far.writable.getWriter();
  const reading = (async () => {
    const reader = far.readable.getReader();
    await reader.read();
    await writer.write(join(settings(), goAway(0, 0)));
    while (!(await reader.read()).done);
    await writer.close().catch(() => {
      // The client has let go of it.
    });
  })();
  const error = await rejection(readable.getReader().read());
  assertEquals(error instanceof GrpcError && error.retryable, true);
  await rejection(closed);
  // It would wait for the stream for ever.
  await connection.close();
  await reading;
});
