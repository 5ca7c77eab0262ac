import { defineService, type Handler, implement } from "../../../mod.ts";
import { protobufService } from "../../../src/protobuf/mod.ts";
import { type BoolValue, type EchoStatus, type SimpleRequest, TestService } from "./gen/test_pb.ts";
import { cameCompressed, GrpcError, GrpcStatus, setCompression } from "./transport.ts";

/** A server of `grpc.testing.TestService`, as grpc/grpc's `doc/interop-test-descriptions.md` describes it. */

const { unimplementedCall: _, ...methods } = protobufService(TestService).methods;
const served = defineService(TestService.typeName, methods);

const INITIAL = "x-grpc-test-echo-initial";
const TRAILING = "x-grpc-test-echo-trailing-bin";

interface Echoing {
  readonly metadata: ReadonlyMap<string, string>;
  readonly header: Map<string, string>;
  readonly trailer: Map<string, string>;
}

export const testServiceHandler: Handler = implement(served, {
  emptyCall: () => ({}),
  unaryCall: unary,
  cacheableUnaryCall: unary,

  async streamingOutputCall({ responseParameters, responseStatus }, stream) {
    for (const { size, intervalUs, compressed } of responseParameters) {
      await pause(intervalUs);
      setCompression(stream, compressed?.value === true ? "gzip" : "identity");
      await stream.send({ payload: zeros(size) });
    }
    throwStatus(responseStatus, stream);
  },

  async streamingInputCall(stream) {
    let aggregatedPayloadSize = 0;
    for await (const { payload, expectCompressed } of watched(stream)) {
      checkCompressed(expectCompressed, stream);
      aggregatedPayloadSize += payload?.body.length ?? 0;
    }
    return { aggregatedPayloadSize };
  },

  async fullDuplexCall(stream) {
    echoMetadata(stream);
    for await (const { responseParameters, responseStatus } of watched(stream)) {
      throwStatus(responseStatus, stream);
      for (const { size, intervalUs, compressed } of responseParameters) {
        await pause(intervalUs);
        setCompression(stream, compressed?.value === true ? "gzip" : "identity");
        await stream.send({ payload: zeros(size) });
      }
    }
  },

  async halfDuplexCall(stream) {
    const requests = await Array.fromAsync(stream.readable);
    for (const { size } of requests.flatMap(({ responseParameters }) => responseParameters)) {
      await stream.send({ payload: zeros(size) });
    }
  },
});

function unary(request: SimpleRequest, stream: Echoing) {
  echoMetadata(stream);
  checkCompressed(request.expectCompressed, stream);
  throwStatus(request.responseStatus, stream);
  setCompression(stream, request.responseCompressed?.value === true ? "gzip" : "identity");
  return { payload: zeros(request.responseSize) };
}

function echoMetadata({ metadata, header, trailer }: Echoing): void {
  const initial = metadata.get(INITIAL);
  if (initial !== undefined) header.set(INITIAL, initial);
  const trailing = metadata.get(TRAILING);
  if (trailing !== undefined) trailer.set(TRAILING, trailing);
}

function checkCompressed(expected: BoolValue | undefined, stream: object): void {
  if (expected === undefined || expected.value === cameCompressed(stream)) return;
  const [wanted, came] = expected.value ? ["compressed", "uncompressed"] : ["uncompressed", "compressed"];
  throw new GrpcError(GrpcStatus.InvalidArgument, `expected a ${wanted} request, it came ${came}`);
}

function throwStatus(
  status: EchoStatus | undefined,
  { metadata }: { readonly metadata: ReadonlyMap<string, string> },
): void {
  if (status === undefined || status.code === GrpcStatus.OK) return;
  const details = metadata.get("x-details-bin");
  throw new GrpcError(status.code, status.message, {
    details: details === undefined ? undefined : Uint8Array.fromBase64(details),
  });
}

/**
 * The requests of a stream. Where the caller has given the call a name, and it is cancelled before they end, that is
 * told. Clients in Node half-close before they reset a stream that is out of time: what follows the end is waited for.
 */
async function* watched<Req>(
  { readable, metadata, signal }: {
    readonly readable: ReadableStream<Req>;
    readonly signal: AbortSignal;
    readonly metadata: ReadonlyMap<string, string>;
  },
): AsyncIterable<Req> {
  const id = metadata.get("x-call-id");
  try {
    yield* readable;
    if (id !== undefined) await pause(50_000);
  } finally {
    if (id !== undefined && signal.aborted) console.log(`canceled ${id}`);
  }
}

function zeros(size: number) {
  if (size < 0) {
    throw new GrpcError(GrpcStatus.InvalidArgument, `a response of ${size} bytes: it must not be negative`);
  }
  return { body: new Uint8Array(size) };
}

async function pause(microseconds: number): Promise<void> {
  if (microseconds > 0) await new Promise((resolve) => setTimeout(resolve, microseconds / 1_000));
}
