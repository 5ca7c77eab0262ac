import type { MethodDefinition } from "npm:@grpc/grpc-js@^1";
import type { Buffer } from "node:buffer";

/** Bytes as they are: what grpc-js itself costs, no protobuf. */
const bytes = {
  requestSerialize: (message: Buffer) => message,
  requestDeserialize: (payload: Buffer) => payload,
  responseSerialize: (message: Buffer) => message,
  responseDeserialize: (payload: Buffer) => payload,
};

export const stream: MethodDefinition<Buffer, Buffer> = {
  ...bytes,
  path: "/Bench/stream",
  requestStream: false,
  responseStream: true,
};

export const echo: MethodDefinition<Buffer, Buffer> = {
  ...bytes,
  path: "/Bench/echo",
  requestStream: true,
  responseStream: true,
};
