import { assert, assertEquals } from "@std/assert";
import {
  type ByteDuplex,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  serveOver,
} from "../../mod.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";

const TARGET = { service: "TestService", method: "Echo" };

/** A duplex that counts what is written to it. */
function counted({ readable, writable }: ByteDuplex): { duplex: ByteDuplex; writes: number[] } {
  const writes: number[] = [];
  const writer = writable.getWriter();
  const counting = new WritableStream<Uint8Array>({
    write(chunk) {
      writes.push(chunk.length);
      return writer.write(chunk);
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
  return { duplex: { readable, writable: counting }, writes };
}

Deno.test("the frames of 100 streams that write in one turn leave in a few socket writes", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);
  const serving = serveOver(serverEnd, echo);
  const { duplex, writes } = counted(clientEnd);
  const connection = connectOver(duplex);
  const streams = Array.from({ length: 100 }, () => connection.openStream(TARGET));
  assertEquals(writes.length, 0, "nothing leaves before the turn ends");
  await Promise.all(streams.map(async ({ writable }, i) => {
    const writer = writable.getWriter();
    await writer.write(bytes(`${i}a`));
    await writer.write(bytes(`${i}b`));
    await writer.close();
  }));
  const received = await Promise.all(
    streams.map(async ({ readable }) => (await Array.fromAsync(readable)).map(string)),
  );
  assertEquals(received, streams.map((_, i) => [`${i}a`, `${i}b`]));
  assert(writes.length <= 4, `400 frames in ${writes.length} writes`);
  await connection.close();
  await serving.finished;
});

Deno.test("what a generator yields without waiting leaves in a few socket writes, all of it in order", async () => {
  const Count = defineService("Count", { to: { kind: "server", request: text, response: text } });
  const [clientEnd, serverEnd] = duplexPair();
  const { duplex, writes } = counted(serverEnd);
  const serving = serveOver(
    duplex,
    implement(Count, {
      async *to(request) {
        for (let i = 0; i < Number(request); i++) yield String(i);
      },
    }),
  );
  const connection = connectOver(clientEnd);
  const numbers = await Array.fromAsync(createClient(Count, connection).to("1000"));
  assertEquals(numbers, Array.from({ length: 1000 }, (_, i) => String(i)));
  assert(writes.length <= 4, `1,002 frames in ${writes.length} writes`);
  await connection.close();
  await serving.finished;
});

Deno.test("a stream's Header and the first message that is written to it leave in one write", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, ({ readable }) => readable.cancel());
  const { duplex, writes } = counted(clientEnd);
  const connection = connectOver(duplex);
  const stream = connection.openStream(TARGET);
  await stream.writable.getWriter().write(new Uint8Array(100));
  await stream.trailer;
  assert((writes[0] ?? 0) > 100, `the first write has ${writes[0]} bytes`);
  await connection.close();
  await serving.finished;
});

Deno.test("a lone message does not wait for company: its bytes leave before anything else happens", async () => {
  const [clientEnd] = duplexPair();
  const written = Promise.withResolvers<Uint8Array>();
  const writable = new WritableStream<Uint8Array>({ write: (chunk) => written.resolve(chunk) });
  const connection = connectOver({ readable: clientEnd.readable, writable });
  let timerFired = false;
  const timer = setTimeout(() => timerFired = true, 0);
  connection.openStream(TARGET);
  const decoder = new FrameDecoder(1024);
  decoder.push(new Uint8Array(await written.promise));
  assertEquals(decoder.next()?.type, FrameType.Header);
  assertEquals(timerFired, false, "it left within the turn");
  clearTimeout(timer);
  connection.abort();
  await connection.closed;
});

Deno.test("one write is under way at a time, and what comes meanwhile gathers behind it", async () => {
  const [clientEnd] = duplexPair();
  const gates: (() => void)[] = [];
  const sizes: number[] = [];
  let started = Promise.withResolvers<void>();
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      sizes.push(chunk.length);
      started.resolve();
      return new Promise((resolve) => gates.push(resolve));
    },
  });
  const connection = connectOver({ readable: clientEnd.readable, writable });
  const writer = connection.openStream(TARGET).writable.getWriter();
  await started.promise;
  for (let i = 0; i < 100; i++) await writer.write(new Uint8Array(100));
  assertEquals(sizes.length, 1);
  started = Promise.withResolvers();
  gates[0]?.();
  await started.promise;
  assertEquals(sizes.length, 2);
  assert((sizes[1] ?? 0) > 100 * 100, `the second write has ${sizes[1]} bytes`);
  gates[1]?.();
  connection.abort();
  await connection.closed;
});
