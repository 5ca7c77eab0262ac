import type { Case } from "../harness/case.ts";
import { pingPong10000, pingPong64Connections } from "./breadth.ts";
import { cancelToRst } from "./cancel_to_rst.ts";
import { cancelBehindSenders, cancelToSignal, grpcCancelToSignal } from "./cancel_to_signal.ts";
import { clientStreaming, clientStreamingBySend, clientStreamingBySendAll } from "./client_streaming.ts";
import { cold } from "./cold.ts";
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
import {
  observedGrpcServerStreaming,
  observedOpenClose,
  observedServerStreaming,
  tracedGrpcOneByOne,
  tracedGrpcOpenClose,
  tracedOneByOne,
  tracedOpenClose,
  unsampledOpenClose,
} from "./observed.ts";
import { kitexClients } from "./kitex_clients.ts";
import { serverStreaming1m, serverStreaming8m } from "./large_messages.ts";
import { grpcManyConnections, manyConnections } from "./many_connections.ts";
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
  serverStreaming1m,
  serverStreaming8m,
  pingPong,
  pingPong64,
  pingPong10000,
  pingPong64Connections,
  openClose,
  openClose64,
  clientStreaming,
  clientStreamingBySend,
  clientStreamingBySendAll,
  cancelToRst,
  cancelToSignal,
  cancelBehindSenders,
  ...kitexClients,
  idleMemory,
  manyConnections,
  cold,
  grpcServerStreaming,
  grpcServerStreaming64k,
  grpcPingPong,
  grpcPingPong64,
  grpcOpenClose,
  grpcOpenClose64,
  grpcUnary64,
  grpcClientStreaming,
  grpcCancelToSignal,
  grpcIdleMemory,
  grpcManyConnections,
  observedServerStreaming,
  observedGrpcServerStreaming,
  observedOpenClose,
  tracedOneByOne,
  tracedOpenClose,
  tracedGrpcOneByOne,
  tracedGrpcOpenClose,
  unsampledOpenClose,
];
