/** gRPC's cases and some more, for a client of either library; one that fails throws. */
import assert from "node:assert/strict";
import { DETAIL, statusBytes, zeros } from "./messages.mjs";

const REQUESTS = [27182, 8, 1828, 45904];
const RESPONSES = [31415, 9, 2653, 58979];
const MESSAGES = {
  status_code_and_message: "test status message",
  special_status_message: "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
};
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const sizeOf = (message) => message?.payload?.body.length;
const unpadded = (text) => text?.replace(/=+$/, "");

async function failsWith(code, message, promise) {
  const error = await promise.then(
    (value) => assert.fail(`no error but ${JSON.stringify(value)?.slice(0, 100)}`),
    (error) => error,
  );
  assert.equal(error.code, code, error.message);
  if (message !== undefined) assert.equal(error.message, message);
  return error;
}

async function status(client, message) {
  const responseStatus = { code: 2, message };
  await failsWith(2, message, client.unary("unaryCall", { responseStatus }));
  const stream = client.open("fullDuplexCall");
  stream.send({ responseStatus });
  stream.end();
  await failsWith(2, message, stream.next());
}

export const CASES = {
  async empty_unary(client) {
    const { response } = await client.unary("emptyCall", {});
    assert.equal(response.$typeName, "grpc.testing.Empty");
  },
  async large_unary(client) {
    const { response } = await client.unary("unaryCall", { responseSize: 314159, payload: zeros(271828) });
    assert.equal(sizeOf(response), 314159);
  },
  async client_streaming(client) {
    const stream = client.open("streamingInputCall");
    for (const size of REQUESTS) stream.send({ payload: zeros(size) });
    stream.end();
    assert.equal((await stream.next()).aggregatedPayloadSize, 74922);
    assert.equal(await stream.next(), undefined);
  },
  async server_streaming(client) {
    const stream = client.open("streamingOutputCall", {
      request: { responseParameters: RESPONSES.map((size) => ({ size })) },
    });
    for (const size of RESPONSES) assert.equal(sizeOf(await stream.next()), size);
    assert.equal(await stream.next(), undefined);
  },
  async ping_pong(client) {
    const stream = client.open("fullDuplexCall");
    for (const [i, size] of RESPONSES.entries()) {
      stream.send({ responseParameters: [{ size }], payload: zeros(REQUESTS[i]) });
      assert.equal(sizeOf(await stream.next()), size);
    }
    stream.end();
    assert.equal(await stream.next(), undefined);
  },
  async empty_stream(client) {
    const stream = client.open("fullDuplexCall");
    stream.end();
    assert.equal(await stream.next(), undefined);
  },
  async timeout_on_sleeping_server(client) {
    const stream = client.open("fullDuplexCall", { timeoutMs: 1 });
    stream.send({ payload: zeros(27182) });
    await failsWith(4, undefined, stream.next());
  },
  async cancel_after_begin(client) {
    const stream = client.open("streamingInputCall");
    const next = failsWith(1, undefined, stream.next());
    stream.cancel();
    await next;
  },
  async cancel_after_first_response(client) {
    const stream = client.open("fullDuplexCall");
    stream.send({ responseParameters: [{ size: 31415 }], payload: zeros(27182) });
    assert.equal(sizeOf(await stream.next()), 31415);
    const next = failsWith(1, undefined, stream.next());
    stream.cancel();
    await next;
  },
  status_code_and_message: (client) => status(client, MESSAGES.status_code_and_message),
  special_status_message: (client) => status(client, MESSAGES.special_status_message),
  async unimplemented_method(client) {
    await failsWith(12, undefined, client.unary("unimplementedCall", {}));
  },
  async unimplemented_service(client) {
    await failsWith(12, undefined, client.unary("unimplementedCall", {}, { unimplemented: true }));
  },
  async custom_metadata(client) {
    const metadata = {
      "x-grpc-test-echo-initial": "test_initial_metadata_value",
      "x-grpc-test-echo-trailing-bin": "q6ur",
    };
    const check = (header, trailer) => {
      assert.equal(header["x-grpc-test-echo-initial"], "test_initial_metadata_value");
      assert.equal(unpadded(trailer["x-grpc-test-echo-trailing-bin"]), "q6ur");
    };
    const seen = await client.unary("unaryCall", { responseSize: 1 }, { metadata });
    check(seen.header, seen.trailer);
    const stream = client.open("fullDuplexCall", { metadata });
    stream.send({ responseParameters: [{ size: 1 }] });
    stream.end();
    assert.equal(sizeOf(await stream.next()), 1);
    assert.equal(await stream.next(), undefined);
    check(await stream.header, await stream.trailer);
  },
  async error_details(client) {
    const responseStatus = { code: 5, message: "no such thing 東京 ☺ 100 %" };
    const details = statusBytes(5, responseStatus.message, DETAIL.type, DETAIL.value);
    const metadata = { "x-details-bin": base64(details) };
    const error = await failsWith(
      5,
      responseStatus.message,
      client.unary("unaryCall", { responseStatus }, { metadata }),
    );
    assert.deepEqual(error.details, details);
  },
  async error_after_a_response(client) {
    const stream = client.open("fullDuplexCall");
    stream.send({ responseParameters: [{ size: 10 }] });
    stream.send({ responseStatus: { code: 10, message: "the server has had enough" } });
    assert.equal(sizeOf(await stream.next()), 10);
    await failsWith(10, "the server has had enough", stream.next());
  },
  /** The server has to say that it has seen it. */
  async cancel_seen_by_the_server(client, id) {
    const stream = client.open("fullDuplexCall", { metadata: { "x-call-id": id } });
    stream.send({ responseParameters: [{ size: 10 }] });
    await stream.next();
    const next = failsWith(1, undefined, stream.next());
    stream.cancel();
    await next;
  },
  /** The server has to say that it has seen it. */
  async deadline_seen_by_the_server(client, id) {
    const stream = client.open("fullDuplexCall", { metadata: { "x-call-id": id }, timeoutMs: 300 });
    stream.send({ responseParameters: [{ size: 10 }] });
    assert.equal(sizeOf(await stream.next()), 10);
    await failsWith(4, undefined, stream.next());
  },
  async gzip_both_ways(client) {
    const { response } = await client.unary("unaryCall", {
      responseSize: 314159,
      responseCompressed: { value: true },
      payload: zeros(271828),
    });
    assert.equal(sizeOf(response), 314159);
    const stream = client.open("fullDuplexCall");
    for (const size of RESPONSES) {
      stream.send({ responseParameters: [{ size, compressed: { value: true } }], payload: zeros(size) });
      assert.equal(sizeOf(await stream.next()), size);
    }
    stream.end();
    assert.equal(await stream.next(), undefined);
  },
};
