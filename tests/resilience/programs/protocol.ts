import { type Protocol, ttheader } from "../../../mod.ts";
import { grpc, type GrpcOptions } from "../../../src/grpc/mod.ts";

/** What a program under test speaks. */
export interface Speaks {
  /** gRPC, with these options; without it TTHeader Streaming. */
  readonly grpc?: GrpcOptions | undefined;
}

export function protocolOf(settings: Speaks): Protocol {
  return settings.grpc === undefined ? ttheader() : grpc(settings.grpc);
}
