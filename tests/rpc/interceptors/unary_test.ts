/** Interceptors and observers around unary Thrift calls, in both protocols. */
import { assert, assertEquals } from "@std/assert";
import {
  type ClientInterceptor,
  createClient,
  implement,
  type Protocol,
  type ServerInterceptor,
  ttheader,
  wrapStream,
} from "../../../mod.ts";
import { grpc } from "../../../src/grpc/mod.ts";
import { connectTo, serveLocally } from "../../support/loopback.ts";
import { Recorder } from "../../support/recorder.ts";
import { rejection } from "../../support/rejection.ts";
import { NotThere, Words } from "../../support/unary_service.ts";

interface WorldInit {
  readonly clients?: readonly ClientInterceptor[];
  readonly servers?: readonly ServerInterceptor[];
  readonly noted?: (what: string) => void;
}

/** A client and a server of unary methods, with interceptors and observers at both ends. */
async function world(protocol: Protocol, init: WorldInit = {}) {
  const { clients = [(call, next) => next(call)], servers = [], noted = () => {} } = init;
  const [atClient, atServer] = [new Recorder(), new Recorder()];
  const words = implement(Words, {
    shout: (text) => text.toUpperCase(),
    find(what) {
      throw new NotThere(what, 3);
    },
    note: (what) => noted(what),
  }, { interceptors: servers });
  const server = serveLocally(words, { protocols: [protocol], observers: [atServer] });
  const connection = await connectTo(server, { protocol, observers: [atClient] });
  return {
    client: createClient(Words, connection, { interceptors: clients }),
    atClient,
    atServer,
    async [Symbol.asyncDispose]() {
      await connection.close();
      await server.shutdown();
    },
  };
}

for (const protocol of [ttheader(), grpc()]) {
  const { name } = protocol;

  Deno.test(`a unary call goes through interceptors, and is seen at both ends, over ${name}`, async () => {
    const exclaim: ClientInterceptor = (call, next) => {
      const stream = next(call);
      const readable = stream.readable.pipeThrough(
        new TransformStream<unknown, unknown>({
          transform: (message, controller) => controller.enqueue(`${message}!`),
        }),
      );
      return wrapStream(stream, { readable });
    };
    await using all = await world(protocol, { clients: [exclaim] });
    assertEquals(await all.client.shout("hi"), "HI!");
    for (const recorder of [all.atClient, all.atServer]) {
      const end = await (await recorder.stream()).ended;
      assertEquals([end.error, end.sentMessages, end.receivedMessages], [undefined, 1, 1]);
    }
  });

  Deno.test(`a declared exception comes through interceptors as it is, over ${name}`, async () => {
    await using all = await world(protocol);
    const error = await rejection(all.client.find("sky"));
    assert(error instanceof NotThere);
    assertEquals([error.what, error.tries], ["sky", 3]);
    // It is the method's answer: nothing was cancelled.
    assertEquals((await (await all.atServer.stream()).ended).error, undefined);
  });

  Deno.test(`an interceptor refuses in the method's own words, its declared exception, over ${name}`, async () => {
    await using all = await world(protocol, { servers: [() => Promise.reject(new NotThere("you", 0))] });
    const error = await rejection(all.client.find("sky"));
    assert(error instanceof NotThere);
    assertEquals(error.what, "you");
  });

  Deno.test(`a oneway call goes through interceptors, over ${name}`, async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    await using all = await world(protocol, { noted: resolve, servers: [(stream, next) => next(stream)] });
    assertEquals(await all.client.note("it"), undefined);
    assertEquals(await promise, "it");
  });
}
