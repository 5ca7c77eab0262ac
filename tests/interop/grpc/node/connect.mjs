/** grpc.testing with @connectrpc/connect-node, as a client and as a server, over gRPC. */
import { ConnectError, createClient } from "@connectrpc/connect";
import {
  compressionGzip,
  connectNodeAdapter,
  createGrpcTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { once } from "node:events";
import http2 from "node:http2";
import { DETAIL, statusBytes, TestService, UnimplementedService, zeros } from "./messages.mjs";

/** `Promise.withResolvers`, which Node 20 does not have. */
function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => made.resolve = resolve);
  return made;
}

const recordOf = (headers) => Object.fromEntries(headers);

function errorOf(error) {
  const { code, rawMessage, details: [detail] } = ConnectError.from(error);
  return {
    code,
    message: rawMessage,
    // It is read already: what came is written once more.
    details: detail === undefined ? undefined : statusBytes(code, rawMessage, detail.type, detail.value),
  };
}

export function openClient(address, { gzip = false, kitex = false } = {}) {
  const sessionManager = new Http2SessionManager(`http://${address}`);
  const transport = createGrpcTransport({
    baseUrl: `http://${address}`,
    sessionManager,
    ...(kitex ? { acceptCompression: [] } : {}), // Kitex takes what is accepted for what it is to send
    ...(gzip ? { sendCompression: compressionGzip } : {}),
  });
  const clients = {
    test: createClient(TestService, transport),
    unimplemented: createClient(UnimplementedService, transport),
  };

  return {
    async unary(method, request, options = {}) {
      const client = options.unimplemented ? clients.unimplemented : clients.test;
      const controller = new AbortController();
      if (options.cancelAfterMs !== undefined) setTimeout(() => controller.abort(), options.cancelAfterMs);
      const seen = {};
      try {
        seen.response = await client[method](request, {
          headers: options.metadata ?? {},
          timeoutMs: options.timeoutMs,
          signal: controller.signal,
          onHeader: (headers) => seen.header = recordOf(headers),
          onTrailer: (headers) => seen.trailer = recordOf(headers),
        });
      } catch (error) {
        throw errorOf(error);
      }
      return seen;
    },

    open(method, { request, ...options } = {}) {
      const requests = new Pipe();
      const controller = new AbortController();
      const header = deferred();
      const trailer = deferred();
      const answers = clients.test[method](request ?? requests, {
        headers: options.metadata ?? {},
        timeoutMs: options.timeoutMs,
        signal: controller.signal,
        onHeader: (headers) => header.resolve(recordOf(headers)),
        onTrailer: (headers) => trailer.resolve(recordOf(headers)),
      });
      const reader = method === "streamingInputCall"
        ? (async function* () {
          yield await answers;
        })()
        : answers[Symbol.asyncIterator]();
      return {
        header: header.promise,
        trailer: trailer.promise,
        send: (message) => requests.push(message),
        end: () => requests.end(),
        cancel: () => controller.abort(),
        async next() {
          try {
            return (await reader.next()).value;
          } catch (error) {
            throw errorOf(error);
          }
        },
      };
    },

    close: () => sessionManager.abort(),
  };
}

/** What is pushed can be iterated. */
class Pipe {
  #items = [];
  #wake = () => {};
  push(value) {
    this.#items.push({ value, done: false });
    this.#wake();
  }
  end() {
    this.#items.push({ value: undefined, done: true });
    this.#wake();
  }
  async *[Symbol.asyncIterator]() {
    for (;;) {
      while (this.#items.length === 0) await new Promise((resolve) => this.#wake = resolve);
      const { value, done } = this.#items.shift();
      if (done) return;
      yield value;
    }
  }
}

export async function serve(port) {
  const echo = ({ requestHeader, responseHeader, responseTrailer }) => {
    const initial = requestHeader.get("x-grpc-test-echo-initial");
    if (initial !== null) responseHeader.set("x-grpc-test-echo-initial", initial);
    const trailing = requestHeader.get("x-grpc-test-echo-trailing-bin");
    if (trailing !== null) responseTrailer.set("x-grpc-test-echo-trailing-bin", trailing);
  };
  const check = (status, { requestHeader }) => {
    if (!status?.code) return;
    const details = requestHeader.get("x-details-bin") === null
      ? []
      : [{ desc: DETAIL.desc, value: DETAIL.init }];
    throw new ConnectError(status.message, status.code, undefined, details);
  };
  /** Hands requests on, and tells where the call is cancelled before they end, or right behind their end. */
  const watched = async function* (requests, { requestHeader, signal }) {
    const id = requestHeader.get("x-call-id");
    try {
      yield* requests;
      if (id !== null) await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      if (id !== null && signal.aborted) console.log(`canceled ${id}`);
    }
  };
  const unary = (request, context) => {
    echo(context);
    check(request.responseStatus, context);
    return { payload: zeros(request.responseSize) };
  };
  const answers = async function* (parameters) {
    for (const { size, intervalUs } of parameters) {
      await new Promise((resolve) => setTimeout(resolve, intervalUs / 1_000));
      yield { payload: zeros(size) };
    }
  };
  const handler = connectNodeAdapter({
    connect: false,
    grpcWeb: false,
    routes: (router) =>
      router.service(TestService, {
        emptyCall: () => ({}),
        unaryCall: unary,
        cacheableUnaryCall: unary,
        streamingOutputCall: (request) => answers(request.responseParameters),
        async streamingInputCall(requests, context) {
          let aggregatedPayloadSize = 0;
          for await (const { payload } of watched(requests, context)) {
            aggregatedPayloadSize += payload?.body.length ?? 0;
          }
          return { aggregatedPayloadSize };
        },
        async *fullDuplexCall(requests, context) {
          echo(context);
          for await (const { responseStatus, responseParameters } of watched(requests, context)) {
            check(responseStatus, context);
            yield* answers(responseParameters);
          }
        },
      }),
  });
  const server = http2.createServer(handler);
  const sessions = new Set();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    async shutdown() {
      server.close();
      await Promise.all([...sessions].map((session) => new Promise((resolve) => session.close(resolve))));
    },
    close() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}
