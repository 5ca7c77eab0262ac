import {
  cancel,
  type Case,
  close,
  done,
  drain,
  header,
  kv,
  one,
  recv,
  send,
  settled,
  sleep,
  trailer,
  within,
} from "./case.ts";
import type { Op } from "../script.ts";

/** The interoperability cases of gRPC that make sense here, under their names there, with their sizes. */

const REQUESTS = [27182, 8, 1828, 45904];
const RESPONSES = [31415, 9, 2653, 58979];
const MIB = 1 << 20;
const SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

const pings: Op[] = REQUESTS.flatMap((size): Op[] => [{ do: "send", size }, { do: "recv" }]);
const pongs: Op[] = RESPONSES.flatMap((size): Op[] => [{ do: "recv" }, { do: "send", size }]);
const group = "gRPC interop";

export const grpcCases: readonly Case[] = [
  one(group, "empty_stream", { client: [close, drain, header, trailer], server: [drain] }),
  one(group, "ping_pong", { client: [...pings, close, drain], server: [...pongs, drain] }),
  one(group, "client_streaming", {
    method: "client",
    client: [{ do: "sendSizes", sizes: REQUESTS }, close, recv(), recv()],
    server: [{ do: "sum" }],
  }),
  one(group, "server_streaming", {
    method: "server",
    request: { text: "sizes" },
    client: [recv(4), recv()],
    server: [{ do: "sendSizes", sizes: RESPONSES }],
  }),
  one(group, "large messages: 8 MiB each way", {
    client: [{ do: "send", size: 8 * MIB }, recv(), { do: "send", size: 8 * MIB }, recv(), close, drain],
    server: [recv(), { do: "send", size: 8 * MIB }, recv(), { do: "send", size: 8 * MIB }, drain],
  }, { heavy: true }),
  one(group, "large_unary's sizes, server streaming", {
    method: "server",
    request: { size: 271828 },
    client: [recv(), recv()],
    server: [{ do: "send", size: 314159 }],
  }),
  one(group, "custom_metadata", {
    options: {
      transient: { "x-grpc-test-echo-initial": "test_initial_metadata_value" },
      persistent: { "x-grpc-test-echo-trailing": "0xababab" },
    },
    client: [send("hi"), recv(), header, close, drain, trailer],
    server: [
      { do: "metainfo" },
      kv("setHeader", { "x-grpc-test-echo-initial": "test_initial_metadata_value" }),
      kv("setTrailer", { "x-grpc-test-echo-trailing": "0xababab" }),
      recv(),
      send("hi"),
      drain,
    ],
  }),
  one(group, "status_code_and_message", {
    client: [send("hi"), recv(), recv(), trailer],
    server: [recv(), { do: "biz", code: 2, text: "test status message" }],
  }, { golden: true }),
  one(group, "special_status_message: business error", {
    client: [send("hi"), recv(), trailer],
    server: [recv(), { do: "biz", code: 2, text: SPECIAL }],
  }, { golden: true }),
  one(group, "special_status_message: handler's error", {
    client: [send("hi"), recv(), recv()],
    server: [recv(), { do: "fail", text: SPECIAL }],
  }, { golden: true }),
  one(group, "unimplemented_method", { method: "missing", options: within(500), client: [recv()] }, {
    handlers: 0,
  }),
  one(group, "unimplemented_service", {
    method: "absent",
    service: "Absent",
    options: within(500),
    client: [recv()],
  }, { handlers: 0 }),
  one(group, "unimplemented_service with a method that another service has", {
    method: "bidi",
    service: "Absent",
    client: [send("hi"), recv(), close, drain],
    server: [{ do: "echo" }],
  }, { handlers: 0 }),
  one(group, "cancel_after_begin", {
    method: "client",
    // A stream that was cancelled before its handler is called calls none here.
    client: [sleep(100), cancel, recv(), send("late")],
    server: [recv(), done],
  }, { golden: true }),
  one(group, "cancel_after_first_response", {
    client: [{ do: "send", size: 27182 }, recv(), cancel, recv(), send("late"), recv()],
    server: [recv(), { do: "send", size: 31415 }, recv(), done, settled, send("late")],
  }, { golden: true }),
  one(group, "timeout_on_sleeping_server", {
    options: within(500),
    client: [{ do: "send", size: 27182 }, recv(), recv(), send("late")],
    server: [recv(), done, settled, recv(), send("late")],
  }, { golden: true }),
];
