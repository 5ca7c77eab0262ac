/** What an error says of a call: the exception's type, whether the server has begun it, and whose it is. */
import { assert, assertEquals } from "@std/assert";
import {
  createClient,
  defineService,
  type Handler,
  implement,
  route,
  serveOver,
  TTStreamError,
} from "../../mod.ts";
import { connectOver } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { CALLS } from "../support/calls.ts";
import { bytes, text } from "../support/codecs.ts";
import { FORMS, handlerOf, OWN } from "../support/forms.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection } from "../support/rejection.ts";
import { ClientScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { exceptionPayload, WirePeer } from "../support/wire_peer.ts";

const service = defineService("Chat", { talk: { kind: "bidirectional", request: text, response: text } });
const other = defineService("Chat", { listen: { kind: "bidirectional", request: text, response: text } });
const unknown = defineService("News", { talk: { kind: "bidirectional", request: text, response: text } });

/** What of an error tells whether to try again. */
async function verdictOf(promise: Promise<unknown>) {
  const error = await rejection(promise);
  assert(error instanceof TTStreamError, Deno.inspect(error));
  const { code, exceptionType, retryable, service, method } = error;
  return { code, exceptionType, retryable, of: `${service}/${method}` };
}

const failing = implement(service, {
  talk: () => {
    throw new Error("server is shutting down");
  },
});

for (const form of FORMS) {
  Deno.test(`a failed handler is exception 6 and not to be tried again, whatever its text: ${form.name}`, async () => {
    await using pair = await TcpPair.open(handlerOf(form, failing));
    const call = createClient(service, pair.connection).talk();
    const failed = { code: 12001, exceptionType: 6, retryable: false, of: "Chat/talk" };
    assertEquals(await verdictOf(call.closed), failed);
    assertEquals(await verdictOf(Array.fromAsync(call)), failed);
    assertEquals(pair.errors.length, 1);
  });

  if (form.name === "an object made by hand") continue;

  Deno.test(`an unknown method is exception 1, an unknown service 20, neither to be tried again: ${form.name}`, async () => {
    for (const handler of [failing, route(failing)]) {
      await using pair = await TcpPair.open(handlerOf(form, handler));
      const method = createClient(other, pair.connection).listen();
      assertEquals(await verdictOf(method.closed), {
        code: 12001,
        exceptionType: 1,
        retryable: false,
        of: "Chat/listen",
      });
      const news = createClient(unknown, pair.connection).talk();
      assertEquals(await verdictOf(news.closed), {
        code: 12001,
        exceptionType: 20,
        retryable: false,
        of: "News/talk",
      });
      assertEquals(pair.errors, []); // nobody is at fault
    }
  });
}

Deno.test("an object that middleware has made by hand is answered as a failed handler's where the method is unknown", async () => {
  const form = FORMS.find(({ name }) => name === "an object made by hand") ?? OWN;
  await using pair = await TcpPair.open(handlerOf(form, failing));
  assertEquals((await verdictOf(createClient(other, pair.connection).listen().closed)).exceptionType, 6);
});

for (const { name: kind, open } of CALLS) {
  Deno.test(`too many streams: to be tried again, the handler has not been called: ${kind}`, async () => {
    let begun = 0;
    const entered = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const handler: Handler = async () => {
      begun++;
      entered.resolve();
      await go.promise;
    };
    const server = serveLocally(handler, { maxStreams: 1 });
    const connection = await connectTo(server);
    const first = open(connection, OWN);
    await entered.promise;
    const refused = await verdictOf(open(connection, OWN).closed);
    assertEquals(refused, { code: 12001, exceptionType: 6, retryable: true, of: "Test/Echo" });
    assertEquals(begun, 1);
    go.resolve();
    await first.closed;
    await connection.close();
    await server.shutdown();
  });

  Deno.test(`a server that shuts down: to be tried again where it refuses, not where it cuts: ${kind}`, async () => {
    const entered = Promise.withResolvers<void>();
    const handler: Handler = (stream) => {
      entered.resolve();
      return new Promise((resolve) => stream.signal.addEventListener("abort", () => resolve()));
    };
    const server = serveLocally(handler);
    const connection = await connectTo(server);
    const begun = open(connection, OWN);
    await entered.promise;
    const finished = server.shutdown({ graceMs: 300 });
    const refused = await verdictOf(open(connection, OWN).closed);
    assertEquals(refused, { code: 12001, exceptionType: 6, retryable: true, of: "Test/Echo" });
    const cut = await verdictOf(begun.closed);
    assertEquals(cut.retryable, false);
    assertEquals(cut.of, "Test/Echo");
    await finished;
    await connection.close();
  });

  Deno.test(`a connection that is lost: to be tried again where the Header had not left: ${kind}`, async () => {
    // What is written is taken only once the first frame is: all behind it has not left.
    const [near, far] = duplexPair();
    const connection = connectOver(near);
    const peer = new WirePeer(far);
    const left = open(connection, OWN);
    await peer.expect(FrameType.Header);
    assertEquals((await verdictOf((await peer.close(), left.closed))).retryable, false);
    const late = await verdictOf(open(connection, OWN).closed);
    assertEquals(late, { code: 12006, exceptionType: undefined, retryable: true, of: "Test/Echo" });
    await connection.closed.catch(() => {});
  });

  Deno.test(`a call whose Header stood behind unsent bytes may be tried again, those before it not: ${kind}`, async () => {
    const failed = Promise.withResolvers<void>();
    let writes = 0;
    const connection = connectOver({
      readable: new ReadableStream(),
      writable: new WritableStream({
        write() {
          writes++;
          return failed.promise; // half of it may have gone
        },
      }),
    });
    const before = open(connection, OWN);
    while (writes === 0) await new Promise((resolve) => setTimeout(resolve));
    const behind = open(connection, OWN);
    failed.reject(new Error("cut"));
    assertEquals(await verdictOf(before.closed), {
      code: 12006,
      exceptionType: undefined,
      retryable: false,
      of: "Test/Echo",
    });
    assertEquals(await verdictOf(behind.closed), {
      code: 12006,
      exceptionType: undefined,
      retryable: true,
      of: "Test/Echo",
    });
    await connection.closed.catch(() => {});
  });

  Deno.test(`a signal that had aborted is no reason to try again: ${kind}`, async () => {
    await using script = new ClientScript();
    const { code, retryable, of } = await verdictOf(
      open(script.connection, OWN, { signal: AbortSignal.abort() }).closed,
    );
    assertEquals([code, retryable, of], [12007, false, "Test/Echo"]);
  });

  Deno.test(`a handler's own words about shutting down, and a cancel's, are none of the server's: ${kind}`, async () => {
    await using script = new ClientScript();
    const call = open(script.connection, OWN);
    await script.peer.send({
      type: FrameType.Rst,
      payload: exceptionPayload({ type: 12008, message: "server is shutting down" }),
    });
    assertEquals((await verdictOf(call.closed)).retryable, false);
  });
}

Deno.test("a client streaming call that gets no response names its stream", async () => {
  const join = defineService("Chat", { join: { kind: "client", request: text, response: text } });
  await using pair = await TcpPair.open(() => {});
  const call = createClient(join, pair.connection).join();
  const { code, of, retryable } = await verdictOf(call.response);
  assertEquals([code, of, retryable], [12001, "Chat/join", false]);
});

Deno.test("a response that cannot be decoded names its stream", async () => {
  const bad = {
    encode: bytes,
    decode(): string {
      throw new Error("odd");
    },
  };
  const join = defineService("Chat", { join: { kind: "client", request: text, response: bad } });
  await using pair = await TcpPair.open((stream) => stream.send(bytes("x")));
  assertEquals((await verdictOf(createClient(join, pair.connection).join().response)).of, "Chat/join");
});

Deno.test("a handler's errors name the stream: its signal, its reads, its writes", async () => {
  const seen = Promise.withResolvers<unknown[]>();
  const entered = Promise.withResolvers<void>();
  const handler: Handler = async (stream) => {
    entered.resolve();
    const read = rejection(stream.readable.getReader().read());
    await new Promise((resolve) => stream.signal.addEventListener("abort", resolve));
    seen.resolve([
      stream.signal.reason,
      await read,
      await rejection(stream.send(bytes("x"))),
      await rejection(stream.sendAll([])),
      await rejection(stream.writable.getWriter().write(bytes("x"))),
    ]);
  };
  const [near, far] = duplexPair();
  serveOver(far, handler);
  const connection = connectOver(near);
  connection.openStream({ service: "Chat", method: "Talk" });
  await entered.promise;
  connection.abort("over");
  for (const error of await seen.promise) {
    assert(error instanceof TTStreamError, Deno.inspect(error));
    assertEquals([error.service, error.method], ["Chat", "Talk"]);
  }
});
