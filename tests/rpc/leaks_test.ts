import { assert, assertEquals } from "@std/assert";
import {
  BizStatusError,
  type CallOptions,
  type Client,
  type Connection,
  createClient,
  defineService,
  implement,
} from "../../mod.ts";
import { string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { countingSignal } from "../support/listeners.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { rejection } from "../support/rejection.ts";

const Words = defineService("Words", {
  split: { kind: "server", request: text, response: text },
  join: { kind: "client", request: text, response: text },
  talk: { kind: "bidirectional", request: text, response: text },
});

const handler = implement(Words, {
  async *split(request, { signal }) {
    if (request === "fail") throw new Error("no");
    if (request === "biz") throw new BizStatusError(1, "no");
    if (request === "hang") await aborted(signal);
    yield* request.split(" ");
  },
  join: async ({ readable }) => (await Array.fromAsync(readable)).join(" "),
  async *talk({ readable }) {
    yield* readable;
  },
});

type WordsClient = Client<typeof Words.methods>;

/** Every way a stream ends, but for those that end the connection as well. */
const ends: Record<string, (client: WordsClient, options: CallOptions) => Promise<unknown>> = {
  "read to its end": (client, options) => Array.fromAsync(client.split("a b c", options)),
  "read to its end by stream": (client, options) => Array.fromAsync(client.split("a b", options).readable),
  "its trailer awaited, its one message left unread": async (client, options) => {
    await using call = client.split("a", options);
    await call.trailer;
  },
  "its trailer awaited, nothing to read": async (client, options) => {
    const talk = client.talk(options);
    await talk.writable.close();
    await talk.trailer;
  },
  "its response awaited": async (client, options) => {
    const call = client.join(options);
    await call.writable.close();
    await call.response;
  },
  "an echo, half closed": async (client, options) => {
    const talk = client.talk(options);
    const writer = talk.writable.getWriter();
    await writer.write("x");
    await writer.close();
    await Array.fromAsync(talk.readable);
  },
  "failed by its handler": (client, options) => rejection(Array.fromAsync(client.split("fail", options))),
  "aborted by its writer, response awaited": (client, options) => {
    const call = client.join(options);
    return Promise.all([call.writable.abort(new Error("no")), rejection(call.response)]);
  },
  "a business error": (client, options) => rejection(Array.fromAsync(client.split("biz", options))),
  "left by break": async (client, options) => {
    for await (const _ of client.split("a b c", options)) break;
  },
  "cancelled": (client, options) => client.split("hang", options).readable.cancel("enough"),
  "aborted": (client, options) => client.talk(options).writable.abort(),
  "left by its scope": async (client, options) => {
    await using _call = client.split("hang", options);
    await Promise.resolve();
  },
  "timed out": (client, options) =>
    rejection(Array.fromAsync(client.split("hang", { ...options, timeoutMs: 1 }))),
  "timed out waiting": (client, options) =>
    rejection(Array.fromAsync(client.split("hang", { ...options, recvTimeoutMs: 1 }))),
  "cancelled by another signal": async (client, options) => {
    const controller = new AbortController();
    const signal = controller.signal;
    const call = client.split("hang", { parent: options.parent, signal });
    controller.abort();
    await rejection(Array.fromAsync(call));
  },
  "never opened": (client, options) =>
    rejection(Array.fromAsync(client.split("a", { parent: options.parent, signal: AbortSignal.abort() }))),
};

async function withWords(use: (client: WordsClient, connection: Connection) => Promise<void>): Promise<void> {
  await using server = serveLocally(handler, { onError() {} });
  await using connection = await connectTo(server);
  await use(createClient(Words, connection), connection);
}

for (const [name, end] of Object.entries(ends)) {
  Deno.test(`30 streams, each ${name}, leave no listener, no timer and no entry behind`, async () => {
    await withWords(async (client, connection) => {
      const own = countingSignal();
      const parents = countingSignal();
      const metainfo = { persistent: new Map(), transient: new Map() };
      const options: CallOptions = {
        signal: own.controller.signal,
        parent: { signal: parents.controller.signal, metainfo },
        timeoutMs: 3_600_000,
        recvTimeoutMs: 3_600_000,
      };
      for (let i = 0; i < 15; i++) await end(client, options);
      await Promise.all(Array.from({ length: 15 }, () => end(client, options)));
      assertEquals([own.listeners(), parents.listeners()], [0, 0]);
      // It waits for every stream that it still knows.
      await connection.close();
    });
  });
}

Deno.test("while streams are open their listeners are on the signal, and go with the connection", async () => {
  await withWords(async (client, connection) => {
    const { controller, listeners } = countingSignal();
    const calls = Array.from({ length: 50 }, () => client.split("hang", { signal: controller.signal }));
    assertEquals(listeners(), 50);
    connection.abort();
    await Promise.all(calls.map((call) => rejection(Array.fromAsync(call))));
    assertEquals(listeners(), 0);
  });
});

Deno.test("streams that ended unread let go of a signal when their connection closes", async () => {
  const { controller, listeners } = countingSignal();
  await withWords(async (client, connection) => {
    for (let i = 0; i < 10; i++) {
      const call = client.split("a b c", { signal: controller.signal, timeoutMs: 3_600_000 });
      await call.trailer;
    }
    await connection.close();
    assertEquals(listeners(), 0);
  });
});

Deno.test("one shared signal cancels hundreds of streams, and keeps none of them", async () => {
  await withWords(async (client, connection) => {
    const { controller, listeners } = countingSignal();
    const calls = Array.from({ length: 300 }, () => client.split("hang", { signal: controller.signal }));
    const all = Promise.all(calls.map((call) => rejection(Array.fromAsync(call))));
    controller.abort();
    await all;
    assertEquals(listeners(), 0);
    await connection.close();
  });
});

Deno.test("20,000 streams leave no memory behind", async () => {
  const program = new URL("../programs/many_streams.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", program],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  assert(success);
  const growths: Record<string, number> = JSON.parse(string(stdout));
  for (const [what, bytes] of Object.entries(growths)) {
    // 20,000 streams that each left a hundred bytes would be 2 MB.
    assert(bytes < 2_000_000, `${what}: the heap has grown by ${bytes} bytes`);
  }
});
