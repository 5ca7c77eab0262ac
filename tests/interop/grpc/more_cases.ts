import { assertEquals } from "@std/assert";
import { clientOf, type InteropCase, rejectsWith, type Stage, zeros } from "./cases.ts";
import { GrpcStatus } from "./transport.ts";

/**
 * What gRPC's own cases leave out, against servers that know some keys more: `x-details-bin` is what the status is to
 * carry as its details, `x-call-id` has the server print `canceled ID` where the call ends before its requests do.
 */

export const MORE_CASES: Readonly<Record<string, InteropCase>> = {
  error_details: { run: errorDetails },
  error_after_a_response: { run: errorAfterAResponse },
  cancel_seen_by_the_server: { run: cancelSeenByTheServer },
  deadline_seen_by_the_server: { run: deadlineSeenByTheServer },
  gzip_both_ways: { compression: "gzip", run: gzipBothWays },
};

/** The cases in which the server has to say that the call was cancelled. */
export const SEEN_BY_THE_SERVER = /_seen_by_the_server$/;

/** A google.rpc.Status: code 5, this message, and a grpc.testing.Payload of three bytes. */
const MESSAGE = "no such thing 東京 ☺ 100 %";

function statusBytes(): Uint8Array {
  const utf8 = new TextEncoder();
  const field = (number: number, bytes: Uint8Array | readonly number[]) => [
    number << 3 | 2,
    bytes.length,
    ...bytes,
  ];
  const payload = field(2, [255, 0, 1]);
  const any = [...field(1, utf8.encode("type.googleapis.com/grpc.testing.Payload")), ...field(2, payload)];
  return Uint8Array.of(8, GrpcStatus.NotFound, ...field(2, utf8.encode(MESSAGE)), ...field(3, any));
}

async function errorDetails({ connection }: Stage): Promise<void> {
  const details = statusBytes();
  const error = await rejectsWith(
    GrpcStatus.NotFound,
    MESSAGE,
    () =>
      clientOf(connection).unaryCall(
        { responseStatus: { code: GrpcStatus.NotFound, message: MESSAGE } },
        { metadata: { "x-details-bin": details.toBase64() } },
      ),
  );
  assertEquals(error.details, details);
}

async function errorAfterAResponse({ connection }: Stage): Promise<void> {
  await using call = clientOf(connection).fullDuplexCall();
  const answers = call[Symbol.asyncIterator]();
  await call.send({ responseParameters: [{ size: 10 }] });
  await call.send({ responseStatus: { code: GrpcStatus.Aborted, message: "the server has had enough" } });
  assertEquals((await answers.next()).value?.payload?.body.length, 10);
  await rejectsWith(GrpcStatus.Aborted, "the server has had enough", () => answers.next());
}

async function cancelSeenByTheServer({ connection, id }: Stage): Promise<void> {
  await using call = clientOf(connection).fullDuplexCall({ metadata: { "x-call-id": id } });
  const answers = call[Symbol.asyncIterator]();
  await call.send({ responseParameters: [{ size: 10 }] });
  await answers.next();
  await Promise.all([rejectsWith(GrpcStatus.Canceled, undefined, () => answers.next()), call.cancel()]);
}

async function deadlineSeenByTheServer({ connection, id }: Stage): Promise<void> {
  await using call = clientOf(connection).fullDuplexCall({ metadata: { "x-call-id": id }, timeoutMs: 300 });
  const answers = call[Symbol.asyncIterator]();
  await call.send({ responseParameters: [{ size: 10 }] });
  assertEquals((await answers.next()).value?.payload?.body.length, 10);
  await rejectsWith(GrpcStatus.DeadlineExceeded, undefined, () => answers.next());
}

async function gzipBothWays({ connection }: Stage): Promise<void> {
  const client = clientOf(connection);
  const response = await client.unaryCall({
    responseSize: 314159,
    responseCompressed: { value: true },
    payload: zeros(271828),
  });
  assertEquals(response.payload?.body.length, 314159);
  await using call = client.fullDuplexCall();
  const answers = call[Symbol.asyncIterator]();
  for (const size of [31415, 9, 2653, 58979]) {
    await call.send({ responseParameters: [{ size, compressed: { value: true } }], payload: zeros(size) });
    assertEquals((await answers.next()).value?.payload?.body.length, size);
  }
  await call.sendAll([]);
  assertEquals((await answers.next()).done, true);
}
