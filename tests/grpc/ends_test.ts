/** Each way to end a stream, for each kind of method, over memory, TCP and TLS: what both ends read. */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { BizStatusError, type CallOptions, type Handler, type ServerStream, StreamError } from "../../mod.ts";
import { GrpcError, GrpcStatus } from "../../src/grpc/mod.ts";
import { bytes } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { grpcErrorOf } from "../support/failures.ts";
import { messageOf, rejection } from "../support/rejection.ts";
import { KINDS, type OpenCall, type Pair, PAIRS } from "./pairs.ts";

/** What a handler reads whose call has been cancelled, by whatever. */
const CANCELED =
  "rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by ServiceA]";

interface End {
  /** The code and the text that the client's end has. */
  readonly code: number;
  readonly text: string;
  readonly kind: StreamError["kind"];
  readonly options?: CallOptions;
  /** What the handler's signal says; a plain cancel where it is not said. */
  readonly heard?: string;
  act?(open: OpenCall, abort: AbortController, pair: Pair): unknown;
}

const CLIENT_ENDS: Record<string, End> = {
  "its signal": { code: 1, text: "context canceled", kind: "canceled", act: (_open, abort) => abort.abort() },
  "its signal, for a reason": {
    code: 1,
    text: "enough",
    kind: "canceled",
    act: (_open, abort) => abort.abort(new Error("enough")),
  },
  "a TimeoutError of its signal": {
    code: 4,
    text: "context deadline exceeded",
    kind: "timeout",
    act: (_open, abort) => abort.abort(new DOMException("late", "TimeoutError")),
  },
  "cancel()": { code: 1, text: "context canceled", kind: "canceled", act: ({ call }) => call.cancel() },
  "cancel(reason)": { code: 1, text: "enough", kind: "canceled", act: ({ call }) => call.cancel("enough") },
  "the end of its scope": {
    code: 1,
    text: "context canceled",
    kind: "canceled",
    act: ({ call }) => call[Symbol.asyncDispose](),
  },
  "timeoutMs": {
    code: 4,
    text: "context deadline exceeded",
    kind: "timeout",
    options: { timeoutMs: 40 },
    heard: "either clock",
  },
  "recvTimeoutMs": {
    code: 17,
    text: "stream Recv timeout, timeout config={Timeout:30ms DisableCancelRemote:false}",
    kind: "timeout",
    options: { recvTimeoutMs: 30 },
  },
  "firstMessageTimeoutMs": {
    code: 17,
    text: "stream Recv timeout, timeout config={Timeout:30ms DisableCancelRemote:false}",
    kind: "timeout",
    options: { firstMessageTimeoutMs: 30, recvTimeoutMs: 3_600_000 },
  },
  "its connection's scope": {
    code: 1,
    text: "context canceled",
    kind: "canceled",
    act: (_open, _abort, { connection }) => connection[Symbol.asyncDispose](),
  },
  "abort of its connection": {
    code: 1,
    text: "leaving",
    kind: "canceled",
    act: (_open, _abort, { connection }) => connection.abort("leaving"),
  },
  "close of its connection, after the grace": {
    code: 1,
    text: "context canceled",
    kind: "canceled",
    act: (_open, _abort, { connection }) => connection.close({ graceMs: 10 }),
  },
};

for (const [over, open] of Object.entries(PAIRS)) {
  for (const { kind, open: openCall } of KINDS) {
    for (const [by, end] of Object.entries(CLIENT_ENDS)) {
      Deno.test(`${over}, ${kind}: a call that ${by} ends: code ${end.code} at every part of it, and its handler hears`, async () => {
        const begun = Promise.withResolvers<ServerStream>();
        const reason = Promise.withResolvers<unknown>();
        await using pair = await open(async (stream) => {
          begun.resolve(stream);
          reason.resolve(await aborted(stream.signal));
          throw stream.signal.reason;
        });
        const abort = new AbortController();
        const call = openCall(pair.connection, { signal: abort.signal, ...end.options });
        const read = rejection(call.read());
        const stream = await begun.promise;
        const acted = end.act?.(call, abort, pair);
        const error = await read;
        assertInstanceOf(error, GrpcError);
        assertEquals(
          [
            error.code,
            error.description,
            error.kind,
            error.side,
            error.service,
            error.method,
            error.retryable,
          ],
          [end.code, end.text, end.kind, "client", "Test", "Echo", false],
        );
        // Both ends watch a deadline: the server's trailers may be the first word of it.
        const { closed, header, trailer } = call.call;
        for (const part of by === "timeoutMs" ? [closed] : [closed, header, trailer]) {
          assertStrictEquals(await rejection(part), error);
        }
        if (call.send !== undefined) assertStrictEquals(await rejection(call.send("late")), error);
        const heard = await reason.promise;
        assertInstanceOf(heard, GrpcError);
        if (end.heard === undefined) {
          assertEquals([heard.message, heard.kind, heard.side], [CANCELED, "canceled", "server"]);
          assertEquals(heard.cancelPath, ["ServiceA"]);
        } else assert(heard.message === CANCELED || heard.code === GrpcStatus.DeadlineExceeded);
        assertStrictEquals(await rejection(stream.send(bytes("late"))), heard);
        await acted;
        assertEquals(pair.errors, []);
      });
    }
  }
}

/** How a handler ends a stream, and what the client reads then. */
const HANDLER_ENDS: Record<
  string,
  { handler: Handler; code: number; text: string; reported: boolean; kind: StreamError["kind"] }
> = {
  "throws": {
    handler: () => {
      throw new Error("plain handler error");
    },
    code: 13,
    text: "plain handler error [biz error]",
    reported: true,
    kind: "application",
  },
  "rejects with no Error": {
    handler: () => Promise.reject("text"),
    code: 13,
    text: "text [biz error]",
    reported: true,
    kind: "application",
  },
  "rejects with an empty Error": {
    handler: () => Promise.reject(new Error("")),
    code: 13,
    text: "Error [biz error]",
    reported: true,
    kind: "application",
  },
  "rejects with a text of blanks and lines": {
    handler: () => Promise.reject(new Error(" a\r\nb\tü% ")),
    code: 13,
    text: " a\r\nb\tü%  [biz error]",
    reported: true,
    kind: "application",
  },
  "throws a GrpcError": {
    handler: () => Promise.reject(new GrpcError(GrpcStatus.NotFound, " no such model ")),
    code: 5,
    text: " no such model ",
    reported: true,
    kind: "application",
  },
  "throws a GrpcError of its own code": {
    handler: () => Promise.reject(new GrpcError(4711, "")),
    code: 4711,
    text: "",
    reported: true,
    kind: "application",
  },
  "aborts its writable": {
    handler: async ({ writable }) => await writable.abort(new Error("no more")),
    code: 13,
    text: "no more [biz error]",
    reported: true,
    kind: "application",
  },
  "aborts its writable with a GrpcError": {
    handler: async ({ writable }) => await writable.abort(new GrpcError(GrpcStatus.Aborted, "no more")),
    code: 10,
    text: "no more",
    reported: true,
    kind: "application",
  },
  "sends from a source that throws": {
    handler: async (stream) => {
      await stream.sendAll((async function* () {
        if (stream.method !== "Echo") yield bytes("never");
        throw new Error("the source's");
      })());
    },
    code: 13,
    text: "the source's [biz error]",
    reported: true,
    kind: "application",
  },
};

for (const [over, open] of Object.entries(PAIRS)) {
  for (const { kind, open: openCall } of KINDS) {
    for (const [what, { handler, code, text, reported, kind: sort }] of Object.entries(HANDLER_ENDS)) {
      Deno.test(`${over}, ${kind}: a handler that ${what}: the client reads code ${code}, and the trailer`, async () => {
        await using pair = await open((stream) => {
          stream.trailer.set("cost", "3");
          return handler(stream);
        });
        const call = openCall(pair.connection);
        const error = await grpcErrorOf(call.read());
        assertEquals([error.code, error.description, error.kind, error.retryable], [code, text, sort, false]);
        assertEquals(error.message, `rpc error: code = ${code} desc = ${text}`);
        assertStrictEquals(await rejection(call.call.closed), error);
        assertEquals((await call.call.trailer).get("cost"), "3");
        if (call.send !== undefined) assertStrictEquals(await rejection(call.send("late")), error);
        assertEquals(pair.errors.length, reported ? 1 : 0);
      });
    }

    Deno.test(`${over}, ${kind}: a business error is one at the client, and nobody's fault`, async () => {
      const sent = new BizStatusError(404, "nö such model ", { model: "gpt-0 ü", "": "" });
      await using pair = await open(() => Promise.reject(sent));
      const call = openCall(pair.connection);
      const error = await rejection(call.read());
      assertInstanceOf(error, BizStatusError);
      assertEquals([error.statusCode, error.statusMessage, error.extra], [
        404,
        sent.statusMessage,
        sent.extra,
      ]);
      assertStrictEquals(await rejection(call.call.closed), error);
      assertEquals(pair.errors, []);
    });

    Deno.test(`${over}, ${kind}: details travel`, async () => {
      const details = Uint8Array.from({ length: 256 }, (_, i) => i);
      await using pair = await open(() => Promise.reject(new GrpcError(9, "see details", { details })));
      const error = await grpcErrorOf(openCall(pair.connection).read());
      assertEquals([error.code, error.details], [9, details]);
    });

    Deno.test(`${over}, ${kind}: handlerTimeoutMs: code 4 at both ends, and nobody's fault`, async () => {
      const reason = Promise.withResolvers<unknown>();
      await using pair = await open(async ({ signal }) => {
        reason.resolve(await aborted(signal));
        throw signal.reason;
      }, { server: { handlerTimeoutMs: 20 } });
      const error = await grpcErrorOf(openCall(pair.connection).read());
      assertEquals(error.message, "rpc error: code = 4 desc = context deadline exceeded");
      const heard = await reason.promise;
      assertEquals([messageOf(heard), heard instanceof StreamError && heard.kind], [
        error.message,
        "timeout",
      ]);
      assertEquals(pair.errors, []);
    });

    Deno.test(`${over}, ${kind}: a shutdown without grace: code 14 at the client, the handler hears why`, async () => {
      const begun = Promise.withResolvers<void>();
      const reason = Promise.withResolvers<unknown>();
      await using pair = await open(async ({ signal }) => {
        begun.resolve();
        reason.resolve(await aborted(signal));
      });
      const read = grpcErrorOf(openCall(pair.connection).read());
      await begun.promise;
      await pair.shutdown(0);
      const error = await read;
      assertEquals([error.code, error.description, error.retryable], [14, "server is shutting down", false]);
      assertEquals(
        messageOf(await reason.promise),
        "rpc error: code = 1 desc = transport: graceful shutdown",
      );
      assertEquals(pair.errors, []);
    });

    Deno.test(`${over}, ${kind}: a good end: header, trailer, closed, and a late abort changes nothing`, async () => {
      await using pair = await open(async (stream) => {
        stream.header.set("Server", "one");
        for await (const _ of stream.readable) break;
        await stream.send(bytes("answer"));
        stream.trailer.set("cost", "3");
      });
      const abort = new AbortController();
      const call = openCall(pair.connection, { signal: abort.signal });
      await call.send?.("request");
      assertEquals(await call.read(), ["answer"]);
      await call.call.closed;
      abort.abort();
      await call.call.cancel();
      assertEquals((await call.call.header).get("server"), "one");
      assertEquals((await call.call.trailer).get("cost"), "3");
      await call.call.closed;
      if (call.send !== undefined) {
        const late = await grpcErrorOf(call.send("late"));
        assertEquals(late.message, "rpc error: code = 13 desc = the stream is done");
      }
      assertEquals(pair.errors, []);
    });
  }
}
