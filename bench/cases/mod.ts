import type { Case } from "../harness/case.ts";
import { cancelToRst } from "./cancel_to_rst.ts";
import { cancelBehindSenders, cancelToSignal } from "./cancel_to_signal.ts";
import { clientStreaming } from "./client_streaming.ts";
import { grpcClientStreaming } from "./grpc/client_streaming.ts";
import { grpcIdleMemory } from "./grpc/idle_memory.ts";
import { grpcOpenClose } from "./grpc/open_close.ts";
import { grpcOpenClose64 } from "./grpc/open_close_64.ts";
import { grpcPingPong } from "./grpc/ping_pong.ts";
import { grpcPingPong64 } from "./grpc/ping_pong_64.ts";
import { grpcServerStreaming } from "./grpc/server_streaming.ts";
import { grpcServerStreaming64k } from "./grpc/server_streaming_64k.ts";
import { grpcUnary64 } from "./grpc/unary_64.ts";
import { idleMemory } from "./idle_memory.ts";
import { observedGrpcServerStreaming, observedOpenClose, observedServerStreaming } from "./observed.ts";
import { openClose } from "./open_close.ts";
import { openClose64 } from "./open_close_64.ts";
import { pingPong } from "./ping_pong.ts";
import { pingPong64 } from "./ping_pong_64.ts";
import { serverStreaming } from "./server_streaming.ts";
import { serverStreaming64k } from "./server_streaming_64k.ts";

/** All cases, in the order of the report. */
export const CASES: readonly Case[] = [
  serverStreaming,
  serverStreaming64k,
  pingPong,
  pingPong64,
  openClose,
  openClose64,
  clientStreaming,
  cancelToRst,
  cancelToSignal,
  cancelBehindSenders,
  idleMemory,
  grpcServerStreaming,
  grpcServerStreaming64k,
  grpcPingPong,
  grpcPingPong64,
  grpcOpenClose,
  grpcOpenClose64,
  grpcUnary64,
  grpcClientStreaming,
  grpcIdleMemory,
  observedServerStreaming,
  observedGrpcServerStreaming,
  observedOpenClose,
];
