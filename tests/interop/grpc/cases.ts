import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type Client, type Connection, createClient } from "../../../mod.ts";
import { protobufService } from "../../../src/protobuf/mod.ts";
import { TestService, UnimplementedService } from "./gen/test_pb.ts";
import { cameCompressed, type Compression, GrpcError, GrpcStatus, setCompression } from "./transport.ts";

/**
 * gRPC's interoperability cases as a client plays them, under the names and with the numbers of grpc/grpc's
 * `doc/interop-test-descriptions.md`. One that fails throws.
 */

const REQUESTS = [27182, 8, 1828, 45904];
const RESPONSES = [31415, 9, 2653, 58979];
const LARGE_REQUEST = 271828;
const LARGE_RESPONSE = 314159;
const STATUS_MESSAGE = "test status message";
const SPECIAL_STATUS_MESSAGE = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

export const zeros = (length: number): { body: Uint8Array } => ({ body: new Uint8Array(length) });
const testService = protobufService(TestService);
type TestClient = Client<typeof testService.methods>;
export const clientOf = (connection: Connection): TestClient => createClient(testService, connection);

/** What a case is played with. */
export interface Stage {
  readonly connection: Connection;
  /** One that compresses nothing, where the first does. */
  readonly uncompressed: Connection;
  /** Tells this run of the case from others. */
  readonly id: string;
}

/** A case, and what its connection compresses with where the case is about that. */
export interface InteropCase {
  readonly compression?: Compression | undefined;
  run(stage: Stage): Promise<void>;
}

export const CASES: Readonly<Record<string, InteropCase>> = {
  empty_unary: { run: emptyUnary },
  large_unary: { run: largeUnary },
  client_streaming: { run: clientStreaming },
  server_streaming: { run: serverStreaming },
  ping_pong: { run: pingPong },
  empty_stream: { run: emptyStream },
  timeout_on_sleeping_server: { run: timeoutOnSleepingServer },
  cancel_after_begin: { run: cancelAfterBegin },
  cancel_after_first_response: { run: cancelAfterFirstResponse },
  status_code_and_message: { run: statusCodeAndMessage },
  special_status_message: { run: specialStatusMessage },
  unimplemented_method: { run: unimplementedMethod },
  unimplemented_service: { run: unimplementedService },
  custom_metadata: { run: customMetadata },
  client_compressed_unary: { compression: "gzip", run: clientCompressedUnary },
  server_compressed_unary: { compression: "gzip", run: serverCompressedUnary },
  client_compressed_streaming: { compression: "gzip", run: clientCompressedStreaming },
  server_compressed_streaming: { compression: "gzip", run: serverCompressedStreaming },
};

async function emptyUnary({ connection }: Stage): Promise<void> {
  const response = await clientOf(connection).emptyCall({});
  assertEquals(response.$unknown ?? [], []);
}

async function largeUnary({ connection }: Stage): Promise<void> {
  const response = await clientOf(connection).unaryCall({
    responseSize: LARGE_RESPONSE,
    payload: zeros(LARGE_REQUEST),
  });
  assertEquals(response.payload?.body, new Uint8Array(LARGE_RESPONSE));
}

async function clientStreaming({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).streamingInputCall();
  await call.sendAll(REQUESTS.map((size) => ({ payload: zeros(size) })));
  assertEquals((await call.response).aggregatedPayloadSize, 74922);
  await call.closed;
}

async function serverStreaming({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).streamingOutputCall({
    responseParameters: RESPONSES.map((size) => ({ size })),
  });
  const sizes: (number | undefined)[] = [];
  for await (const { payload } of call) sizes.push(payload?.body.length);
  assertEquals(sizes, RESPONSES);
  await call.closed;
}

async function pingPong({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).fullDuplexCall();
  const answers = call[Symbol.asyncIterator]();
  for (const [i, size] of RESPONSES.entries()) {
    await call.send({ responseParameters: [{ size }], payload: zeros(REQUESTS[i] ?? 0) });
    const { value } = await answers.next();
    assertEquals(value?.payload?.body.length, size);
  }
  await call.sendAll([]);
  assertEquals((await answers.next()).done, true);
  await call.closed;
}

async function emptyStream({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).fullDuplexCall();
  await call.sendAll([]);
  for await (const message of call) throw new Error(`an empty stream answered ${JSON.stringify(message)}`);
  await call.closed;
}

async function timeoutOnSleepingServer({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).fullDuplexCall({ timeoutMs: 1 });
  call.send({ payload: zeros(27182) }).catch(() => undefined); // the time may be over before it has left
  await rejectsWith(GrpcStatus.DeadlineExceeded, undefined, () => call[Symbol.asyncIterator]().next());
}

async function cancelAfterBegin({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).streamingInputCall();
  await Promise.all([rejectsWith(GrpcStatus.Canceled, undefined, () => call.response), call.cancel()]);
}

async function cancelAfterFirstResponse({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).fullDuplexCall();
  const answers = call[Symbol.asyncIterator]();
  await call.send({ responseParameters: [{ size: 31415 }], payload: zeros(27182) });
  const { value } = await answers.next();
  assertEquals(value?.payload?.body.length, 31415);
  await call.cancel();
  await rejectsWith(GrpcStatus.Canceled, undefined, () => answers.next());
}

async function statusCodeAndMessage({ connection }: Stage): Promise<void> {
  const responseStatus = { code: GrpcStatus.Unknown, message: STATUS_MESSAGE };
  await rejectsWith(
    GrpcStatus.Unknown,
    STATUS_MESSAGE,
    () => clientOf(connection).unaryCall({ responseStatus }),
  );
  await using call = clientOf(connection).fullDuplexCall();
  await call.sendAll([{ responseStatus }]);
  await rejectsWith(GrpcStatus.Unknown, STATUS_MESSAGE, () => call[Symbol.asyncIterator]().next());
}

async function specialStatusMessage({ connection }: Stage): Promise<void> {
  const responseStatus = { code: GrpcStatus.Unknown, message: SPECIAL_STATUS_MESSAGE };
  await rejectsWith(
    GrpcStatus.Unknown,
    SPECIAL_STATUS_MESSAGE,
    () => clientOf(connection).unaryCall({ responseStatus }),
  );
}

async function unimplementedMethod({ connection }: Stage): Promise<void> {
  await rejectsWith(
    GrpcStatus.Unimplemented,
    undefined,
    () => clientOf(connection).unimplementedCall({}),
  );
}

async function unimplementedService({ connection }: Stage): Promise<void> {
  const client = createClient(protobufService(UnimplementedService), connection);
  await rejectsWith(GrpcStatus.Unimplemented, undefined, () => client.unimplementedCall({}));
}

async function customMetadata({ connection }: Stage): Promise<void> {
  const initial = ["x-grpc-test-echo-initial", "test_initial_metadata_value"] as const;
  const trailing = ["x-grpc-test-echo-trailing-bin", "q6ur"] as const; // 0xababab
  const metadata = new Map([initial, trailing]);
  const client = clientOf(connection);

  const call = client.unaryCall({ responseSize: 1, payload: zeros(1) }, { metadata });
  await call;
  assertEquals((await call.header).get(initial[0]), initial[1]);
  assertEquals((await call.trailer).get(trailing[0])?.replace(/=+$/, ""), trailing[1]);

  await using stream = client.fullDuplexCall({ metadata });
  await stream.sendAll([{ responseParameters: [{ size: 1 }], payload: zeros(1) }]);
  assertEquals((await stream.header).get(initial[0]), initial[1]);
  for await (const { payload } of stream) assertEquals(payload?.body.length, 1);
  assertEquals((await stream.trailer).get(trailing[0])?.replace(/=+$/, ""), trailing[1]);
}

async function clientCompressedUnary({ connection, uncompressed }: Stage): Promise<void> {
  // The one request of a call leaves with the call: what is not compressed goes over a connection that does not.
  const clients = { compressing: clientOf(connection), plain: clientOf(uncompressed) };
  const request = (expected: boolean) => ({
    expectCompressed: { value: expected },
    responseSize: LARGE_RESPONSE,
    payload: zeros(LARGE_REQUEST),
  });
  // The probe: a server that does not look lets it pass.
  await rejectsWith(
    GrpcStatus.InvalidArgument,
    undefined,
    () => clients.plain.unaryCall(request(true)),
  );
  for (const compress of [true, false]) {
    const response = await (compress ? clients.compressing : clients.plain).unaryCall(request(compress));
    assertEquals(response.payload?.body.length, LARGE_RESPONSE);
  }
}

async function serverCompressedUnary({ connection }: Stage): Promise<void> {
  for (const compress of [true, false]) {
    const call = clientOf(connection).unaryCall({
      responseCompressed: { value: compress },
      responseSize: LARGE_RESPONSE,
      payload: zeros(LARGE_REQUEST),
    });
    assertEquals((await call).payload?.body.length, LARGE_RESPONSE);
    assertEquals(cameCompressed(call), compress, "whether the response came compressed");
  }
}

async function clientCompressedStreaming({ connection }: Stage): Promise<void> {
  const client = clientOf(connection);
  {
    await using probe = client.streamingInputCall();
    setCompression(probe, "identity");
    // The server refuses it, perhaps before the half close has left.
    probe.sendAll([{ expectCompressed: { value: true }, payload: zeros(27182) }]).catch(() => undefined);
    await rejectsWith(GrpcStatus.InvalidArgument, undefined, () => probe.response);
  }
  await using call = client.streamingInputCall();
  setCompression(call, "gzip");
  await call.send({ expectCompressed: { value: true }, payload: zeros(27182) });
  setCompression(call, "identity");
  await call.send({ expectCompressed: { value: false }, payload: zeros(45904) });
  await call.sendAll([]);
  assertEquals((await call.response).aggregatedPayloadSize, 73086);
}

async function serverCompressedStreaming({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).streamingOutputCall({
    responseParameters: [
      { compressed: { value: true }, size: 31415 },
      { compressed: { value: false }, size: 92653 },
    ],
  });
  const seen: [number | undefined, boolean][] = [];
  for await (const { payload } of call) seen.push([payload?.body.length, cameCompressed(call)]);
  assertEquals(seen, [[31415, true], [92653, false]]);
}

/** That a call ends with this status, and with this text where one is given. */
export async function rejectsWith(
  code: number,
  text: string | undefined,
  call: () => PromiseLike<unknown>,
): Promise<GrpcError> {
  const error = await assertRejects(async () => await call());
  assertInstanceOf(error, GrpcError);
  assertEquals(error.code, code, error.message);
  if (text !== undefined) assertEquals(error.description, text);
  return error;
}
