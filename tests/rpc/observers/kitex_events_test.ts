/**
 * Kitex's stream event handlers (`WithStreamEventHandler` of client and server, `pkg/rpcinfo/stream_tracer.go`) written
 * as an observer, with the counts that Kitex's own tests expect of them (kitex-tests `streamx`: normal.go, cancel.go).
 */
import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  BizStatusError,
  createClient,
  implement,
  type Metadata,
  type Observer,
  type StreamInfo,
} from "../../../mod.ts";
import { Test } from "../../grpc/pairs.ts";
import { NAMES, ObservedPair } from "../../support/observed_pair.ts";

/** Kitex's `ClientStreamEventHandler`, and its `ServerStreamEventHandler`, which has no recvHeader. */
interface EventHandler {
  start?(stream: StreamInfo): void;
  recvHeader?(header: Metadata): void;
  /** `error` is what a receive failed with; the end of the messages is none. */
  recv?(error: Error | undefined): void;
  send?(error: Error | undefined): void;
  /** `trailer` is absent where none has come. */
  finish?(trailer: Metadata | undefined): void;
}

/** The whole of it. */
function eventHandler(handler: EventHandler): Observer {
  return {
    opened(stream) {
      handler.start?.(stream);
      return {
        header: (metadata) => stream.side === "client" && handler.recvHeader?.(metadata),
        received: () => handler.recv?.(undefined),
        sent: () => handler.send?.(undefined),
        ended({ error, trailer }) {
          // What ends a stream is what its next Recv, or Send, fails with.
          if (error !== undefined) handler.recv?.(error);
          handler.finish?.(trailer);
        },
      };
    },
  };
}

/** Counts every event, as Kitex's mocks do. */
class MockEventHandler implements EventHandler {
  readonly times = { start: 0, recvHeader: 0, recv: 0, send: 0, finish: 0 };
  readonly errors: Error[] = [];
  readonly headers: Metadata[] = [];
  readonly trailers: (Metadata | undefined)[] = [];
  readonly order: string[] = [];
  readonly #finished = Promise.withResolvers<void>();

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  start(): void {
    this.#count("start");
  }

  recvHeader(header: Metadata): void {
    this.headers.push(header);
    this.#count("recvHeader");
  }

  recv(error: Error | undefined): void {
    if (error === undefined) this.#count("recv");
    else this.errors.push(error);
  }

  send(): void {
    this.#count("send");
  }

  finish(trailer: Metadata | undefined): void {
    this.trailers.push(trailer);
    this.#count("finish");
    this.#finished.resolve();
  }

  #count(event: keyof MockEventHandler["times"]): void {
    this.times[event]++;
    if (this.order.at(-1) !== event) this.order.push(event);
  }
}

const TIMES = 10;
const messages = () => Array.from({ length: TIMES }, () => "ping");

const handlers = {
  bidirectional: implement(Test.bidirectional, {
    async *echo(stream) {
      stream.header.set("headerkey", "headervalue");
      stream.trailer.set("trailerkey", "trailervalue");
      for await (const message of stream.readable) {
        if (message === "biz_error") throw new BizStatusError(404, "not found");
        yield message;
      }
    },
  }),
  client: implement(Test.client, {
    async echo(stream) {
      stream.header.set("headerkey", "headervalue");
      stream.trailer.set("trailerkey", "trailervalue");
      await Array.fromAsync(stream.readable);
      return "pong";
    },
  }),
  server: implement(Test.server, {
    async *echo(_request, stream) {
      stream.header.set("headerkey", "headervalue");
      stream.trailer.set("trailerkey", "trailervalue");
      yield* messages();
    },
  }),
};

for (const protocol of NAMES) {
  const open = (kind: keyof typeof handlers) => {
    const [atClient, atServer] = [new MockEventHandler(), new MockEventHandler()];
    const observers = { client: [eventHandler(atClient)], server: [eventHandler(atServer)] };
    return { atClient, atServer, pair: new ObservedPair(protocol, handlers[kind], observers) };
  };

  Deno.test(`Kitex's events over ${protocol}: start, recvHeader, recv, send and finish of a bidirectional stream`, async () => {
    const { atClient, atServer, pair } = open("bidirectional");
    await using _pair = pair;
    const stream = createClient(Test.bidirectional, pair.connection).echo();
    const reader = stream.readable.getReader();
    for (const message of messages()) {
      await stream.send(message);
      await reader.read();
    }
    await stream.sendAll([]);
    await reader.read();
    await Promise.all([atClient.finished, atServer.finished]);
    assertEquals(atClient.times, { start: 1, recvHeader: 1, recv: TIMES, send: TIMES, finish: 1 });
    assertEquals(atServer.times, { start: 1, recvHeader: 0, recv: TIMES, send: TIMES, finish: 1 });
    assertEquals(atClient.headers[0]?.get("headerkey"), "headervalue");
    assertEquals(atClient.trailers[0]?.get("trailerkey"), "trailervalue");
    assertEquals(atClient.order.slice(0, 4), ["start", "send", "recvHeader", "recv"]);
    assertEquals([atClient.order.at(-1), atServer.order[0], atServer.order.at(-1)], [
      "finish",
      "start",
      "finish",
    ]);
    assertEquals([...atClient.errors, ...atServer.errors], []);
  });

  Deno.test(`Kitex's events over ${protocol}: a client stream and a server stream`, async () => {
    const client = open("client");
    await using _client = client.pair;
    const join = createClient(Test.client, client.pair.connection).echo();
    await join.sendAll(messages());
    assertEquals(await join.response, "pong");
    await client.atClient.finished;
    assertEquals(client.atClient.times, { start: 1, recvHeader: 1, recv: 1, send: TIMES, finish: 1 });

    const server = open("server");
    await using _server = server.pair;
    const list = createClient(Test.server, server.pair.connection).echo("ping");
    assertEquals(await Array.fromAsync(list), messages());
    await server.atClient.finished;
    assertEquals(server.atClient.times, { start: 1, recvHeader: 1, recv: TIMES, send: 1, finish: 1 });
    assertEquals(server.atClient.trailers[0]?.get("trailerkey"), "trailervalue");
  });

  Deno.test(`Kitex's events over ${protocol}: a cancelled stream finishes without a trailer, and its receive fails`, async () => {
    const { atClient, atServer, pair } = open("bidirectional");
    await using _pair = pair;
    const stream = createClient(Test.bidirectional, pair.connection).echo();
    await stream.send("ping");
    await stream.readable.getReader().read();
    await stream.cancel();
    await Promise.all([atClient.finished, atServer.finished]);
    assertEquals(atClient.times, { start: 1, recvHeader: 1, recv: 1, send: 1, finish: 1 });
    assertEquals([atClient.trailers, atServer.trailers], [[undefined], [undefined]]);
    assertEquals(atServer.times.finish, 1);
    for (const { errors } of [atClient, atServer]) assertEquals(errors.length, 1);
  });

  Deno.test(`Kitex's events over ${protocol}: a business error finishes with the trailer that carried it`, async () => {
    const { atClient, pair } = open("bidirectional");
    await using _pair = pair;
    const stream = createClient(Test.bidirectional, pair.connection).echo();
    await stream.send("biz_error");
    await atClient.finished;
    assertEquals(atClient.times.finish, 1);
    assertEquals(atClient.trailers[0]?.get("trailerkey"), "trailervalue");
    assertInstanceOf(atClient.errors[0], BizStatusError);
  });
}
