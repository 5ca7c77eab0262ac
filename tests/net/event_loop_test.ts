import { assert, assertEquals } from "@std/assert";
import { connSocket } from "../../src/net/socket.ts";
import { breathe, Pace } from "../../src/net/event_loop.ts";

Deno.test("breathe() brings a read of bytes that have come", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  using near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using far = await accepting;
  let read = false;
  const reading = near.read(new Uint8Array(1)).then(() => read = true);
  await far.write(new Uint8Array(1));
  await breathe();
  assert(read);
  await reading;
});

Deno.test("breathe() shares one breath among all who wait", async () => {
  const first = breathe();
  assertEquals(breathe(), first);
  await first;
  const second = breathe();
  assert(second !== first);
  await second;
});

Deno.test("while the sockets bring something, work rests after less than a millisecond", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const near = connSocket(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
  using far = await accepting;
  for (let round = 0; round < 5; round++) {
    const reading = near.read();
    await far.write(new Uint8Array(1));
    await breathe();
    await reading;
  }
  const pace = new Pace();
  pace.begin();
  for (const until = performance.now() + 0.75; performance.now() < until;);
  assert(pace.due);
  near.close();
});

Deno.test("reads that complete at once let those who read what has come go first", async () => {
  const order: string[] = [];
  const socket = connSocket({
    read: (buffer) => {
      order.push("read");
      return Promise.resolve(buffer.length); // full: there is more
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close() {},
    ref() {},
    unref() {},
  });
  const first = await socket.read();
  const second = socket.read();
  // A consumer with many awaits of its own.
  for (let hop = 0; hop < 100; hop++) await Promise.resolve();
  order.push("consumed");
  assertEquals(first?.length, 4 * 1024);
  await second;
  assertEquals(order, ["read", "consumed", "read"]);
});
