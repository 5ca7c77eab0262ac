/** The descriptors of grpc.testing, from the file that the harness has put beside this one. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { fileDesc, serviceDesc } from "@bufbuild/protobuf/codegenv2";
import { readFileSync } from "node:fs";

const file = fileDesc(readFileSync(new URL("./descriptor.txt", import.meta.url), "utf8").trim());

export const TestService = serviceDesc(file, 0);
export const UnimplementedService = serviceDesc(file, 1);

export const zeros = (length) => ({ body: new Uint8Array(length) });

/** How messages of one schema become bytes and are read again; what is written may be a plain object. */
export const codecOf = (schema) => ({
  write: (message) => Buffer.from(toBinary(schema, create(schema, message))),
  read: (bytes) => fromBinary(schema, bytes),
});

/** The detail that servers add to a status where they are asked to: a message of some type. */
const payload = file.messages.find(({ name }) => name === "Payload");
export const DETAIL = {
  desc: payload,
  init: { body: Uint8Array.of(255, 0, 1) },
  type: payload.typeName,
  value: toBinary(payload, create(payload, { body: Uint8Array.of(255, 0, 1) })),
};

/** A google.rpc.Status with one detail, as `grpc-status-details-bin` carries it. Every field is shorter than 128 bytes. */
export function statusBytes(code, message, type, value) {
  const field = (number, bytes) => [number << 3 | 2, bytes.length, ...bytes];
  const utf8 = new TextEncoder();
  const any = [...field(1, utf8.encode(`type.googleapis.com/${type}`)), ...field(2, value)];
  return Uint8Array.of(8, code, ...field(2, utf8.encode(message)), ...field(3, any));
}
