import { assert, assertEquals } from "@std/assert";
import {
  type Connection,
  type ConnectionOptions,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  serveOver,
  type ServeOverOptions,
} from "../../mod.ts";
import { bytes, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";
import { settled } from "../support/settle.ts";

const TARGET = { service: "TestService", method: "Echo" };
const KIB = 1024;
const MIB = 1024 * KIB;
const LIMIT = 64 * KIB;
/** What may be under way beside the unread bytes: two buffers of the sender, a chunk at the receiver. */
const UNDER_WAY = 4 * 256 * KIB;

/** Writes messages of a size until the stream ends, and counts them. */
class Producer {
  /** Messages that have been taken. */
  count = 0;
  /** What the last write rejected with. */
  readonly stopped: Promise<unknown>;

  constructor(writable: WritableStream<Uint8Array>, size: number) {
    this.stopped = rejection(this.#run(writable.getWriter(), size));
  }

  async #run(writer: WritableStreamDefaultWriter<Uint8Array>, size: number): Promise<never> {
    for (;;) {
      const message = new Uint8Array(size);
      message.set(bytes(String(this.count)).subarray(0, size));
      await writer.write(message);
      this.count++;
    }
  }
}

interface Ends {
  readonly client?: ConnectionOptions;
  readonly server?: ServeOverOptions;
}

/** A client and a server in memory, where nothing but the library keeps bytes. */
async function inMemory(
  handler: Handler,
  { client, server }: Ends,
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, handler, server);
  const connection = connectOver(clientEnd, client);
  try {
    await use(connection);
  } finally {
    connection.abort();
    await connection.closed;
    // While a server has paused reading it does not see that the client is gone.
    serving.abort();
    await serving.finished;
  }
}

Deno.test("a server that streams to a client that does not read stalls, and goes on when it reads", async () => {
  let producer: Producer | undefined;
  const handler: Handler = async ({ writable }) => {
    producer = new Producer(writable, KIB);
    await producer.stopped;
  };
  await inMemory(handler, { client: { maxBufferedBytes: LIMIT } }, async (connection) => {
    const { readable } = connection.openStream(TARGET);
    const stalledAt = await settled(() => producer?.count ?? 0);
    assert(stalledAt * KIB > LIMIT, `stalled after ${stalledAt} messages: too early`);
    assert(stalledAt * KIB < LIMIT + UNDER_WAY, `stalled after ${stalledAt} messages: too late`);
    const reader = readable.getReader();
    for (let i = 0; i < 3 * stalledAt; i++) {
      const { value } = await reader.read();
      assertEquals(value?.length, KIB);
      assertEquals(new TextDecoder().decode(value).replace(/\0*$/, ""), String(i));
    }
    const again = await settled(() => producer?.count ?? 0);
    assert(again > 3 * stalledAt && (again - 3 * stalledAt) * KIB < LIMIT + UNDER_WAY);
    await reader.cancel();
    await producer?.stopped;
  });
});

Deno.test("a generator that streams to a client that does not read is not asked for more", async () => {
  const Count = defineService("Count", { up: { kind: "server", request: text, response: text } });
  let yielded = 0;
  const padding = "x".repeat(KIB);
  const handler = implement(Count, {
    async *up() {
      for (;;) {
        yielded++;
        yield padding;
      }
    },
  });
  await inMemory(handler, { client: { maxBufferedBytes: LIMIT } }, async (connection) => {
    await using _call = createClient(Count, connection).up("x");
    const stalledAt = await settled(() => yielded);
    assert(stalledAt * KIB > LIMIT && stalledAt * KIB < LIMIT + UNDER_WAY, `${stalledAt} messages`);
  });
});

Deno.test("a client that floods a handler that does not read stalls, and goes on when it reads", async () => {
  const reading = Promise.withResolvers<void>();
  let received = 0;
  const handler: Handler = async ({ readable }) => {
    await reading.promise;
    for await (const message of readable) received += message.length;
  };
  await inMemory(handler, { server: { maxBufferedBytes: LIMIT } }, async (connection) => {
    const stream = connection.openStream(TARGET);
    const producer = new Producer(stream.writable, KIB);
    const stalledAt = await settled(() => producer.count);
    assert(stalledAt * KIB > LIMIT && stalledAt * KIB < LIMIT + UNDER_WAY, `${stalledAt} messages`);
    reading.resolve();
    while (received < 3 * stalledAt * KIB) await new Promise((resolve) => setTimeout(resolve, 1));
    await stream[Symbol.asyncDispose]();
    await producer.stopped;
  });
});

Deno.test("messages of no bytes count as well: a flood of them is bounded", async () => {
  const handler: Handler = async ({ signal }) => void await aborted(signal);
  await inMemory(handler, { server: { maxBufferedBytes: LIMIT } }, async (connection) => {
    const stream = connection.openStream(TARGET);
    const producer = new Producer(stream.writable, 0);
    const stalledAt = await settled(() => producer.count);
    // A frame has 38 bytes, an unread message counts 64.
    assert(stalledAt < (LIMIT + UNDER_WAY) / 32, `${stalledAt} messages`);
    await stream[Symbol.asyncDispose]();
    await producer.stopped;
  });
});

Deno.test("over TCP, with the default limits, both directions stall within bounds", async () => {
  let fromServer: Producer | undefined;
  const handler: Handler = async ({ writable }) => {
    fromServer = new Producer(writable, 16 * KIB);
    await fromServer.stopped;
  };
  await using server = serveLocally(handler);
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  const toServer = new Producer(stream.writable, 16 * KIB);
  const counts = [await settled(() => toServer.count), await settled(() => fromServer?.count ?? 0)];
  for (const count of counts) {
    // 4 MiB here, and what the kernel takes.
    assert(count * 16 * KIB > 4 * MIB && count * 16 * KIB < 32 * MIB, `${count} messages`);
  }
  await connection[Symbol.asyncDispose]();
  await toServer.stopped;
});

Deno.test("a cancel reaches a server whose writes have stalled, and they reject", async () => {
  const ended = Promise.withResolvers<string>();
  let producer: Producer | undefined;
  const handler: Handler = async ({ writable }) => {
    producer = new Producer(writable, KIB);
    ended.resolve(messageOf(await producer.stopped));
  };
  await inMemory(handler, { client: { maxBufferedBytes: LIMIT } }, async (connection) => {
    const { readable } = connection.openStream(TARGET);
    await settled(() => producer?.count ?? 0);
    await readable.cancel("enough");
    assertEquals(await ended.promise, "[ttstream error, code=12008] [server-side stream] enough");
  });
});

Deno.test("a client's stalled writes reject at once when it cancels", async () => {
  const handler: Handler = async ({ signal }) => void await aborted(signal);
  await inMemory(handler, { server: { maxBufferedBytes: LIMIT } }, async (connection) => {
    const controller = new AbortController();
    const stream = connection.openStream(TARGET, { signal: controller.signal });
    const producer = new Producer(stream.writable, KIB);
    await settled(() => producer.count);
    controller.abort(new Error("enough"));
    const text = "[ttstream error, code=12008] [client-side stream] enough";
    assertEquals(messageOf(await producer.stopped), text);
    assertEquals(await rejectionText(stream.readable.getReader().read()), text);
  });
});

Deno.test("a message larger than the limit goes through, and stalls what is behind it", async () => {
  let producer: Producer | undefined;
  const handler: Handler = async ({ writable }) => {
    producer = new Producer(writable, MIB);
    await producer.stopped;
  };
  await inMemory(handler, { client: { maxBufferedBytes: LIMIT } }, async (connection) => {
    const { readable } = connection.openStream(TARGET);
    const stalledAt = await settled(() => producer?.count ?? 0);
    assert(stalledAt <= 4, `${stalledAt} messages`);
    const reader = readable.getReader();
    for (let i = 0; i < 10; i++) assertEquals((await reader.read()).value?.length, MIB);
    await reader.cancel();
    await producer?.stopped;
  });
});
