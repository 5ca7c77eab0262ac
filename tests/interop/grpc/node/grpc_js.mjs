/** grpc.testing with @grpc/grpc-js, as a client and as a server. */
import * as grpc from "@grpc/grpc-js";
import { codecOf, TestService, UnimplementedService, zeros } from "./messages.mjs";

const GZIP = { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip };

const definitionOf = (service) =>
  Object.fromEntries(service.methods.map((method) => {
    const [input, output] = [codecOf(method.input), codecOf(method.output)];
    return [method.localName, {
      path: `/${service.typeName}/${method.name}`,
      requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
      responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
      requestSerialize: input.write,
      requestDeserialize: input.read,
      responseSerialize: output.write,
      responseDeserialize: output.read,
    }];
  }));

function metadataOf(record = {}) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(record)) {
    metadata.set(key, key.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  }
  return metadata;
}

/** Bytes as base64, as this library has them. */
function recordOf(metadata) {
  return Object.fromEntries(
    Object.entries(metadata.getMap())
      .map(([key, value]) => [key, Buffer.isBuffer(value) ? value.toString("base64") : value]),
  );
}

function errorOf({ code, details, metadata }) {
  const [bytes] = metadata?.get("grpc-status-details-bin") ?? [];
  return { code, message: details, details: bytes === undefined ? undefined : new Uint8Array(bytes) };
}

export function openClient(address, { gzip = false } = {}) {
  const make = (service) =>
    new (grpc.makeClientConstructor(definitionOf(service), service.typeName))(
      address,
      grpc.credentials.createInsecure(),
      gzip ? GZIP : {},
    );
  const clients = { test: make(TestService), unimplemented: make(UnimplementedService) };
  const optionsOf = ({ timeoutMs }) => timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };

  return {
    unary(method, request, options = {}) {
      const client = options.unimplemented ? clients.unimplemented : clients.test;
      return new Promise((resolve, reject) => {
        const seen = {};
        const answered = (error, response) => {
          if (error) reject(errorOf(error));
          else Object.assign(seen, { response });
        };
        const call = client[method](request, metadataOf(options.metadata), optionsOf(options), answered);
        call.on("metadata", (metadata) => seen.header = recordOf(metadata));
        call.on("status", ({ metadata }) => {
          seen.trailer = recordOf(metadata);
          setImmediate(() => resolve(seen)); // the answer is told after its status
        });
        if (options.cancelAfterMs !== undefined) setTimeout(() => call.cancel(), options.cancelAfterMs);
      });
    },

    /** A stream of any kind, as one that reads and writes. */
    open(method, { request, ...options } = {}) {
      const queue = [];
      let wake = () => {};
      const push = (item) => {
        queue.push(item);
        wake();
      };
      const head = [metadataOf(options.metadata), optionsOf(options)];
      let call;
      if (method === "streamingInputCall") {
        call = clients.test[method](...head, (error, value) => {
          push(error ? { error: errorOf(error) } : { value });
          if (!error) push({});
        });
      } else {
        call = request === undefined ? clients.test[method](...head) : clients.test[method](request, ...head);
        call.on("data", (value) => push({ value }));
        call.on("error", (error) => push({ error: errorOf(error) }));
        call.on("end", () => push({}));
      }
      const header = new Promise((resolve) => call.on("metadata", (metadata) => resolve(recordOf(metadata))));
      const trailer = new Promise((resolve) =>
        call.on("status", (status) => resolve(recordOf(status.metadata)))
      );
      return {
        header,
        trailer,
        send: (message, compress = true) => call.write(message, compress ? 0 : grpc.writeFlags.NoCompress),
        end: () => call.end(),
        cancel: () => call.cancel(),
        async next() {
          while (queue.length === 0) await new Promise((resolve) => wake = resolve);
          const { error, value } = queue.shift();
          if (error) throw error;
          return value;
        },
      };
    },

    close() {
      clients.test.close();
      clients.unimplemented.close();
    },
  };
}

export function serve(port, { gzip = true } = {}) {
  const server = new grpc.Server(gzip ? GZIP : {});
  const echo = (call) => {
    const initial = call.metadata.get("x-grpc-test-echo-initial");
    if (initial.length > 0) {
      call.sendMetadata(metadataOf({ "x-grpc-test-echo-initial": initial[0] }));
    }
    const trailer = new grpc.Metadata();
    for (const value of call.metadata.get("x-grpc-test-echo-trailing-bin")) {
      trailer.set("x-grpc-test-echo-trailing-bin", value);
    }
    return trailer;
  };
  const failure = (call, { code, message }) => {
    const metadata = new grpc.Metadata();
    for (const value of call.metadata.get("x-details-bin")) metadata.set("grpc-status-details-bin", value);
    return { code, details: message, metadata };
  };
  const watch = (call) => {
    const [id] = call.metadata.get("x-call-id");
    call.on("cancelled", () => id !== undefined && console.log(`canceled ${id}`));
  };
  const unary = (call, callback) => {
    const trailer = echo(call);
    const { responseStatus, responseSize } = call.request;
    if (responseStatus?.code) callback(failure(call, responseStatus));
    else callback(null, { payload: zeros(responseSize) }, trailer);
  };
  const { unimplementedCall: _, ...methods } = definitionOf(TestService);
  server.addService(methods, {
    emptyCall: (_call, callback) => callback(null, {}),
    unaryCall: unary,
    cacheableUnaryCall: unary,
    async streamingOutputCall(call) {
      for (const { size, intervalUs } of call.request.responseParameters) {
        await pause(intervalUs);
        call.write({ payload: zeros(size) });
      }
      call.end(echo(call));
    },
    streamingInputCall(call, callback) {
      watch(call);
      let aggregatedPayloadSize = 0;
      call.on("data", ({ payload }) => aggregatedPayloadSize += payload?.body.length ?? 0);
      call.on("end", () => callback(null, { aggregatedPayloadSize }));
    },
    fullDuplexCall(call) {
      watch(call);
      const trailer = echo(call);
      let doing = Promise.resolve();
      call.on("data", ({ responseStatus, responseParameters }) => {
        doing = doing.then(async () => {
          if (responseStatus?.code) {
            call.emit("error", failure(call, responseStatus));
            return;
          }
          for (const { size, intervalUs } of responseParameters) {
            await pause(intervalUs);
            call.write({ payload: zeros(size) });
          }
        });
      });
      call.on("end", () => doing.then(() => call.end(trailer)));
    },
    halfDuplexCall: (call) => call.emit("error", { code: grpc.status.UNIMPLEMENTED, details: "not here" }),
  });
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) return reject(error);
      resolve({
        port: bound,
        shutdown: () => new Promise((done) => server.tryShutdown(done)),
        close: () => server.forceShutdown(),
      });
    });
  });
}

const pause = (microseconds) => new Promise((resolve) => setTimeout(resolve, microseconds / 1_000));
