import { create, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { protobufCodec, ProtobufError } from "../../src/protobuf/mod.ts";
import {
  EmptySchema,
  file_test,
  type SimpleRequest,
  SimpleRequestSchema,
  SimpleResponseSchema,
  StreamingOutputCallRequestSchema,
  TestService,
} from "../interop/grpc/gen/test_pb.ts";
import { Random } from "../support/random.ts";
import { untyped } from "../support/untyped.ts";

const requests = protobufCodec(SimpleRequestSchema);

Deno.test("a message comes back as it was, fields of every kind and those that are absent", () => {
  const message = create(SimpleRequestSchema, {
    responseSize: -7,
    payload: { body: Uint8Array.of(0, 1, 255) },
    fillUsername: true,
    responseCompressed: { value: false },
    responseStatus: { code: 5, message: "nöt found 🫖" },
  });
  const decoded = requests.decode(requests.encode(message).slice());
  assertEquals(decoded, message);
  assertEquals([decoded.expectCompressed, decoded.fillOauthScope], [undefined, false]);
  const outputs = protobufCodec(StreamingOutputCallRequestSchema);
  const parameters = [{ size: 1 }, { intervalUs: 3, compressed: { value: true } }];
  const { responseParameters } = outputs.decode(outputs.encode({ responseParameters: parameters }).slice());
  assertEquals(responseParameters.map(({ size, intervalUs }) => [size, intervalUs]), [[1, 0], [0, 3]]);
});

Deno.test("a plain object is written as the message that create makes of it", () => {
  const init = { responseSize: 3, responseStatus: { message: "a" } };
  assertEquals(requests.encode(init), toBinary(SimpleRequestSchema, create(SimpleRequestSchema, init)));
  assertEquals(requests.encode({}), new Uint8Array());
  assertEquals(requests.decode(new Uint8Array()), create(SimpleRequestSchema));
});

Deno.test("the bytes are Protobuf's", () => {
  assertEquals(
    requests.encode({ responseSize: 300, payload: { body: Uint8Array.of(7) } }),
    Uint8Array.of(
      ...[0x10, 0xac, 0x02], // field 2, varint, 300
      ...[0x1a, 0x03], // field 3, 3 bytes
      ...[0x12, 0x01, 0x07], // field 2 of the payload, 1 byte
    ),
  );
  const stamps = protobufCodec(TimestampSchema);
  assertEquals(stamps.decode(Uint8Array.of(0x08, 0x07)).seconds, 7n);
});

Deno.test("fields that the schema does not know are kept and written again", () => {
  const payload = protobufCodec(SimpleRequestSchema).encode({ fillUsername: true }).slice();
  const responses = protobufCodec(SimpleResponseSchema);
  assertEquals(responses.encode(responses.decode(payload)), payload);
  const empty = protobufCodec(EmptySchema);
  assertEquals(empty.encode(empty.decode(payload)), payload);
});

Deno.test("a bytes field of a decoded message is a view on the payload", () => {
  const payload = requests.encode({ payload: { body: Uint8Array.of(1, 2, 3) } }).slice();
  const body = requests.decode(payload).payload?.body;
  assertStrictEquals(body?.buffer, payload.buffer);
  assertEquals(body, Uint8Array.of(1, 2, 3));
});

/** Bytes that are no SimpleRequest, and what is said of them. */
const malformed: Record<string, { bytes: number[]; says: string }> = {
  "a tag without a value": { bytes: [0x10], says: "cannot decode 1 bytes: premature EOF" },
  "a field longer than the message": {
    bytes: [0x1a, 3, 0x12, 2, 0xff],
    says: "cannot decode 5 bytes: premature EOF",
  },
  "a tag of field 0": { bytes: [0], says: "cannot decode 1 bytes: illegal tag: field no 0 wire type 0" },
  "a number that does not end": {
    bytes: Array(11).fill(0xff),
    says: "cannot decode 11 bytes: invalid varint",
  },
  "text that is not UTF-8": {
    bytes: [0x3a, 3, 0x12, 1, 0xff],
    says: "cannot decode 5 bytes: The encoded data is not valid",
  },
};

for (const [name, { bytes, says }] of Object.entries(malformed)) {
  Deno.test(`${name} is an error that names the message's type`, () => {
    const error = assertThrows(() => requests.decode(Uint8Array.from(bytes)), ProtobufError);
    assertEquals(error.message, `grpc.testing.SimpleRequest: ${says}`);
    assertEquals([error.name, error.typeName], ["ProtobufError", "grpc.testing.SimpleRequest"]);
    assertInstanceOf(error.cause, Error);
  });
}

Deno.test("whatever the bytes, decoding gives a message or a ProtobufError", () => {
  const random = new Random(11);
  let messages = 0;
  let errors = 0;
  for (let n = 0; n < 5_000; n++) {
    const payload = requests.encode({ responseSize: n, payload: { body: random.bytes(random.below(9)) } })
      .slice();
    for (let flips = random.below(4); flips > 0; flips--) {
      payload[random.below(payload.length)] = random.below(256);
    }
    const cut = payload.subarray(0, payload.length - random.below(2));
    try {
      assertEquals(requests.decode(cut).$typeName, "grpc.testing.SimpleRequest");
      messages++;
    } catch (error) {
      assertInstanceOf(error, ProtobufError);
      errors++;
    }
  }
  assertEquals([messages > 500, errors > 500], [true, true], `${messages} messages, ${errors} errors`);
});

Deno.test("a value that its field cannot hold is an error that names the field and the value", () => {
  const field = "cannot encode field grpc.testing.SimpleRequest.response_size to binary";
  for (const [responseSize, got] of [[2 ** 31, "2147483648"], [1.5, "1.5"], [NaN, "NaN"]] as const) {
    const error = assertThrows(() => requests.encode({ responseSize }), ProtobufError);
    assertEquals(error.message, `grpc.testing.SimpleRequest: ${field}: invalid int32: ${got}`);
  }
});

Deno.test("what is no message of the type is refused: nothing, bytes, a list, or a message of another type", () => {
  const wrong: [unknown, string][] = [
    [undefined, "a grpc.testing.SimpleRequest must be an object, got undefined"],
    [null, "a grpc.testing.SimpleRequest must be an object, got null"],
    ["text", 'a grpc.testing.SimpleRequest must be an object, got "text"'],
    [[1], "a grpc.testing.SimpleRequest must be an object, got "],
    [new Uint8Array(2), "a grpc.testing.SimpleRequest must be an object, got "],
    [create(EmptySchema), "a grpc.testing.SimpleRequest is needed, got a grpc.testing.Empty"],
  ];
  for (const [message, says] of wrong) {
    assertThrows(() => requests.encode(untyped<SimpleRequest>(message)), TypeError, says);
  }
});

Deno.test("what is no message schema makes no codec", () => {
  const wrong: [unknown, string][] = [
    [TestService, 'got "service"'],
    [file_test, 'got "file"'],
    [undefined, "got undefined"],
  ];
  for (const [schema, got] of wrong) {
    const message = `a message schema has the kind "message", ${got}`;
    assertThrows(() => protobufCodec(untyped<typeof EmptySchema>(schema)), TypeError, message);
  }
});
