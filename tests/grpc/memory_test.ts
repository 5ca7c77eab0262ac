// What is small on the wire, or only announced, is not large in memory.
import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { connectOver, serveOver } from "../../mod.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { frame, join } from "../http2/wire.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { message, RawClient, request } from "./raw_client.ts";

const MIB = 1024 * 1024;

Deno.test("Compressed messages in one frame that grow beyond bounds unread end their stream alone.", async () => {
  const [near, far] = duplexPair();
  const { finished } = serveOver(far, async ({ metadata, readable, signal }) => {
    if (metadata.has("reads")) { for await (const _ of readable); // to its end
     } else await aborted(signal);
  }, { protocols: [grpc({ connectionWindowBytes: MIB })] });
  await using client = await RawClient.start(near);
  const bomb = message(1, gzipSync(new Uint8Array(5 * MIB)), { flag: 1 }).subarray(9);
  await client.send(
    request(1, { more: [["grpc-encoding", "gzip"]] }),
    request(3, { more: [["reads", "yes"]] }),
    frame(FrameType.DATA, 0, 1, join(bomb, bomb, bomb, bomb)),
    message(3, new Uint8Array(1), { flags: Flag.END_STREAM }),
  );
  const end = await client.line(/^HEADERS 1 .*grpc-status=8/);
  assertEquals(
    /have grown by 10\d+ bytes, over the limit of 8388608 bytes/.test(decodeURIComponent(end)),
    true,
    end,
  );
  await client.line(/^HEADERS 3 .*grpc-status=0/);
  await client[Symbol.asyncDispose]();
  await finished.catch(() => {
    // The client has hung up.
  });
});

Deno.test("Messages larger than the windows take turns, and all of them come.", async () => {
  const [near, far] = duplexPair();
  const sizes: number[] = [];
  const { finished } = serveOver(far, async ({ readable }) => {
    for await (const bytes of readable) sizes.push(bytes.length);
  }, { protocols: [grpc({ initialWindowBytes: 65_535, connectionWindowBytes: 65_535 })] });
  const connection = await connectOver(near, { protocol: grpc() });
  const send = async () => {
    const { readable, writable } = connection.openStream({ service: "Test", method: "Upload" });
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(300_000));
    await writer.close();
    for await (const _ of readable); // to its end
  };
  await Promise.all(Array.from({ length: 8 }, send));
  assertEquals(sizes, new Array(8).fill(300_000));
  await connection.close();
  await finished;
});

Deno.test("A stream that nobody reads is held by its window, also where messages span frames.", async () => {
  const [near, far] = duplexPair();
  const stopped = Promise.withResolvers<void>();
  let written = 0;
  const { finished } = serveOver(far, async ({ writable }) => {
    const writer = writable.getWriter();
    writer.closed.catch(() => {
      // The client hangs up at the end.
    });
    for (; written < 200; written++) {
      let moved = false;
      const write = writer.write(new Uint8Array(20_000)).then(() => moved = true);
      for (let i = 0; i < 50 && !moved; i++) await new Promise((resolve) => setTimeout(resolve, 2));
      if (!moved) break;
      await write;
    }
    stopped.resolve();
  }, { protocols: [grpc()] });
  const connection = await connectOver(near, { protocol: grpc({ initialWindowBytes: 65_536 }) });
  const { readable } = connection.openStream({ service: "Test", method: "Flood" });
  await stopped.promise;
  // A window and a half, what the pipe and the writer hold, and the message that did not fit.
  assertEquals(written <= 20, true, `${written} messages of 20,000 bytes`);
  await readable.cancel();
  await connection.close();
  await finished.catch(() => {
    // As above.
  });
});

Deno.test("Messages that have come in part on many streams take a third more than their bytes, not twice as much.", async () => {
  const program = new URL("../programs/unfinished_messages.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", program],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  assert(success);
  const { sent, held }: { sent: number; held: number } = JSON.parse(new TextDecoder().decode(stdout));
  assert(held >= sent && held < 1.4 * sent, `${held} bytes are held of ${sent} that have come`);
});
