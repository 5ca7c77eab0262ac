import type { MethodDefinition } from "npm:@grpc/grpc-js@^1";
import type { Buffer } from "node:buffer";

/** Server streaming with bytes as they are: what grpc-js itself costs, no protobuf. */
export const stream: MethodDefinition<Buffer, Buffer> = {
  path: "/Bench/stream",
  requestStream: false,
  responseStream: true,
  requestSerialize: (message) => message,
  requestDeserialize: (payload) => payload,
  responseSerialize: (message) => message,
  responseDeserialize: (payload) => payload,
};
