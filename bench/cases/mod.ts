import type { Case } from "../harness/case.ts";
import { cancelToRst } from "./cancel_to_rst.ts";
import { cancelBehindSenders, cancelToSignal } from "./cancel_to_signal.ts";
import { clientStreaming } from "./client_streaming.ts";
import { idleMemory } from "./idle_memory.ts";
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
];
