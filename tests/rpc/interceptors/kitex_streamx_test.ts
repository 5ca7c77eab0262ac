/**
 * What Kitex's own tests of its stream middleware expect (kitex-tests `streamx/normal.go`), of interceptors: how often
 * each is called, what it sees of each kind of stream, and how errors come through.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  BizStatusError,
  type ClientInterceptor,
  createClient,
  defineService,
  implement,
  type ServerInterceptor,
  StreamError,
} from "../../../mod.ts";
import { GrpcError, GrpcStatus } from "../../../src/grpc/mod.ts";
import { text } from "../../support/codecs.ts";
import { countedCall, countedMethod, type Counts } from "../../support/counted.ts";
import { NAMES, ObservedPair } from "../../support/observed_pair.ts";
import { rejection } from "../../support/rejection.ts";

const MAX_RECEIVE_TIMES = 10;
const pings = () => Array.from({ length: MAX_RECEIVE_TIMES }, () => "ping");
const pongs = () => Array.from({ length: MAX_RECEIVE_TIMES }, () => "pong");

const Echo = defineService("EchoService", {
  echo: { kind: "unary", name: "Echo", request: text, response: text },
  echoBidi: { kind: "bidirectional", name: "EchoBidi", request: text, response: text },
  echoClient: { kind: "client", name: "EchoClient", request: text, response: text },
  echoServer: { kind: "server", name: "EchoServer", request: text, response: text },
});

/** The four middlewares of Kitex's that there are at either end, two of each. */
interface Called {
  stream: number;
  readonly first: Counts;
  readonly second: Counts;
}

const none = (): Counts => ({ recv: 0, recvEnds: 0, send: 0 });
const called = (): Called => ({ stream: 0, first: none(), second: none() });

function clientInterceptors(seen: Called): ClientInterceptor[] {
  return [
    (call, next) => {
      seen.stream++;
      const metadata = new Map([...call.metadata, ["metadatakey", "metadatavalue"]]);
      const persistent = new Map([...call.metainfo.persistent, ["METAKEY", "METAVALUE"]]);
      return next({ ...call, metadata, metainfo: { ...call.metainfo, persistent } });
    },
    (call, next) => countedCall(next(call), seen.first),
    (call, next) => countedCall(next(call), seen.second),
  ];
}

function serverInterceptors(seen: Called): ServerInterceptor[] {
  return [
    (stream, next) => {
      seen.stream++;
      return next(stream);
    },
    (stream, next) => countedMethod(stream, next, seen.first),
    (stream, next) => countedMethod(stream, next, seen.second),
  ];
}

const errors: Readonly<Record<string, () => Error>> = {
  grpc: () => new GrpcError(GrpcStatus.Internal, "grpc"),
  biz: () => new BizStatusError(10000, "biz"),
  other: () => new Error("other"),
};

/** Kitex's handlers; `mode` of the metadata is how they fail. */
function handlerOf(seen: Called) {
  const begin = (
    stream: {
      readonly metadata: ReadonlyMap<string, string>;
      readonly metainfo: { readonly persistent: ReadonlyMap<string, string> };
      readonly header: Map<string, string>;
      readonly trailer: Map<string, string>;
    },
  ) => {
    assertEquals(stream.metadata.get("metadatakey"), "metadatavalue");
    assertEquals(stream.metainfo.persistent.get("METAKEY"), "METAVALUE");
    stream.header.set("headerkey", "headervalue");
    stream.trailer.set("trailerkey", "trailervalue");
  };
  const fail = (metadata: ReadonlyMap<string, string>) => {
    const error = errors[metadata.get("mode") ?? ""]?.();
    if (error !== undefined) throw error;
  };
  return implement(Echo, {
    echo(request, stream) {
      begin(stream);
      assertEquals(request, "ping");
      fail(stream.metadata);
      return "pong";
    },
    async echoBidi(stream) {
      begin(stream);
      for await (const message of stream.readable) {
        if (message === "biz_error") throw new BizStatusError(404, "not found");
        assertEquals(message, "ping");
        await stream.send("pong");
      }
    },
    async echoClient(stream) {
      begin(stream);
      assertEquals(await Array.fromAsync(stream.readable), pings());
      fail(stream.metadata);
      return "pong";
    },
    async *echoServer(request, stream) {
      begin(stream);
      assertEquals(request, "ping");
      stream.header.set("headerkey1", "headervalue1");
      stream.sendHeader();
      yield* pongs();
    },
  }, { interceptors: serverInterceptors(seen) });
}

for (const protocol of NAMES) {
  const open = () => {
    const [atClient, atServer] = [called(), called()];
    const pair = new ObservedPair(protocol, handlerOf(atServer));
    const client = createClient(Echo, pair.connection, { interceptors: clientInterceptors(atClient) });
    return { atClient, atServer, pair, client };
  };
  const counts = (recv: number, recvEnds: number, send: number) => ({
    stream: 1,
    first: { recv, recvEnds, send },
    second: { recv, recvEnds, send },
  });

  Deno.test(`streamx over ${protocol}: a bidirectional stream's middleware sees every message and the end`, async () => {
    const { atClient, atServer, pair, client } = open();
    await using _pair = pair;
    const stream = client.echoBidi();
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    for (let i = 0; i < MAX_RECEIVE_TIMES; i++) {
      await writer.write("ping");
      assertEquals(await reader.read(), { done: false, value: "pong" });
    }
    await writer.close();
    assertEquals((await reader.read()).done, true);
    assertEquals(atClient, counts(MAX_RECEIVE_TIMES, 1, MAX_RECEIVE_TIMES));
    assertEquals(atServer, counts(MAX_RECEIVE_TIMES, 1, MAX_RECEIVE_TIMES));
    assertEquals((await stream.header).get("headerkey"), "headervalue");
    assertEquals((await stream.trailer).get("trailerkey"), "trailervalue");
  });

  Deno.test(`streamx over ${protocol}: a client stream's middleware sees the requests and the one response`, async () => {
    const { atClient, atServer, pair, client } = open();
    await using _pair = pair;
    const stream = client.echoClient();
    await stream.sendAll(pings());
    assertEquals(await stream.response, "pong");
    assertEquals((await stream.header).get("headerkey"), "headervalue");
    assertEquals((await stream.trailer).get("trailerkey"), "trailervalue");
    assertEquals(atClient.stream, 1);
    assertEquals([atClient.first.recv, atClient.first.send], [1, MAX_RECEIVE_TIMES]);
    assertEquals([atClient.second.recv, atClient.second.send], [1, MAX_RECEIVE_TIMES]);
    assertEquals(atServer, counts(MAX_RECEIVE_TIMES, 1, 1));
  });

  Deno.test(`streamx over ${protocol}: a server stream's middleware sees the one request and the responses`, async () => {
    const { atClient, atServer, pair, client } = open();
    await using _pair = pair;
    const stream = client.echoServer("ping");
    assertEquals(await Array.fromAsync(stream), pongs());
    assertEquals(atClient, counts(MAX_RECEIVE_TIMES, 1, 1));
    assertEquals(atServer.stream, 1);
    assertEquals([atServer.first.recv, atServer.first.send], [1, MAX_RECEIVE_TIMES]);
    assertEquals([atServer.second.recv, atServer.second.send], [1, MAX_RECEIVE_TIMES]);
    const header = await stream.header;
    assertEquals([header.get("headerkey"), header.get("headerkey1")], ["headervalue", "headervalue1"]);
    assertEquals((await stream.trailer).get("trailerkey"), "trailervalue");
  });

  Deno.test(`streamx over ${protocol}: a business error comes through the middleware of both ends as it is`, async () => {
    const { pair, client } = open();
    await using _pair = pair;
    const stream = client.echoBidi();
    await stream.send("biz_error");
    const error = await rejection(stream.readable.getReader().read());
    assertInstanceOf(error, BizStatusError);
    assertEquals([error.statusCode, error.statusMessage], [404, "not found"]);
    assertEquals(await rejection(stream.closed), error);
    assertEquals(pair.errors, []);
  });

  for (const mode of Object.keys(errors)) {
    Deno.test(`streamx over ${protocol}: a client stream's handler fails with a ${mode} error, through the middleware`, async () => {
      const { pair, client } = open();
      await using _pair = pair;
      const stream = client.echoClient({ metadata: { mode } });
      await stream.sendAll(pings());
      const error = await rejection(stream.response);
      assertEquals(await rejection(stream.closed), error);
      if (mode === "biz") {
        assertInstanceOf(error, BizStatusError);
        assertEquals([error.statusCode, error.statusMessage], [10000, "biz"]);
        return;
      }
      assertInstanceOf(error, StreamError);
      assertEquals(pair.errors.length, 1);
      if (protocol === "ttheader") assertEquals(error.code, 12001);
      else {assertEquals([error.code, error.description], [
          13,
          mode === "grpc" ? "grpc" : "other [biz error]",
        ]);}
    });
  }
}

Deno.test("streamx over grpc: a unary call's middleware sees the request and the response", async () => {
  const [atClient, atServer] = [called(), called()];
  await using pair = new ObservedPair("grpc", handlerOf(atServer));
  const client = createClient(Echo, pair.connection, { interceptors: clientInterceptors(atClient) });
  assertEquals(await client.echo("ping"), "pong");
  assertEquals([atClient.stream, atServer.stream], [1, 1]);
  for (const { first, second } of [atClient, atServer]) {
    for (const { recv, send } of [first, second]) assertEquals([recv, send], [1, 1]);
  }
  const error = await rejection(client.echo("ping", { metadata: { mode: "biz" } }));
  assertInstanceOf(error, BizStatusError);
  assertEquals([error.statusCode, error.statusMessage], [10000, "biz"]);
  assert(pair.errors.length === 0);
});
