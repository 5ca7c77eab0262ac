/** Conversations of real Kitex programs, as the tap shows them. */
import { assertEquals } from "@std/assert";
import { PREFACE } from "../../src/http2/frame.ts";
import { grpcConversation } from "../support/grpc_vectors.ts";
import { conversation, conversations } from "../support/vectors.ts";
import { byteByByte, linesOf, type Part, read } from "./reading.ts";

/** What went over the first connection of a recorded conversation. */
function recorded(scenario: string): Part[] {
  return conversation(scenario).frames
    .filter(({ connection }) => connection === "1")
    .map(({ dir, bytes }) => ({ from: dir === "c2s" ? "client" : "server", bytes }));
}

function recordedGrpc(scenario: string): Part[] {
  return [
    { from: "client", bytes: PREFACE },
    ...grpcConversation(scenario).map(({ dir, bytes }) =>
      ({ from: dir === "c2s" ? "client" : "server", bytes }) as const
    ),
  ];
}

Deno.test("a stream that ends well is shown frame by frame", () => {
  assertEquals(linesOf(read(recorded("bidi_3"))), [
    "- - speaks   TTHeader Streaming",
    "→ 1 Header   TestService/EchoBidi isn=TestService",
    "→ 1 Data     TestService/EchoBidi 33 B",
    "← 1 Header   TestService/EchoBidi",
    "← 1 Data     TestService/EchoBidi 33 B",
    "→ 1 Data     TestService/EchoBidi 33 B",
    "← 1 Data     TestService/EchoBidi 33 B",
    "→ 1 Data     TestService/EchoBidi 33 B",
    "← 1 Data     TestService/EchoBidi 33 B",
    "→ 1 Trailer  TestService/EchoBidi",
    "← 1 Trailer  TestService/EchoBidi",
  ]);
});

Deno.test("a cancel is shown with its whole text and its path", () => {
  assertEquals(linesOf(read(recorded("cancel_recv"))), [
    "- - speaks   TTHeader Streaming",
    "→ 1 Header   TestService/EchoBidi isn=TestService",
    "→ 1 Data     TestService/EchoBidi 31 B",
    "→ 1 Rst      TestService/EchoBidi ttscp=ServiceA 165 B [ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively",
    "→ 1 Trailer  TestService/EchoBidi",
    "← 1 Header   TestService/EchoBidi",
    "← 1 Trailer  TestService/EchoBidi 252 B [ttstream error, code=12001] [client-side stream] biz error: [ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively",
  ]);
});

Deno.test("a business error is shown with its keys", () => {
  assertEquals(linesOf(read(recorded("biz_status_extra"))), [
    "- - speaks   TTHeader Streaming",
    "→ 1 Header   TestService/EchoBidi isn=TestService",
    "→ 1 Data     TestService/EchoBidi 31 B",
    "← 1 Header   TestService/EchoBidi",
    '← 1 Trailer  TestService/EchoBidi biz-extra={"ek":"ev"} biz-status=405 biz-message=biz with extra biz error: code=405, msg=biz with extra',
    "→ 1 Trailer  TestService/EchoBidi",
  ]);
});

const grpcLines: Readonly<Record<string, readonly string[]>> = {
  "bidi": [
    "- - speaks   HTTP/2",
    "→ - SETTINGS INITIAL_WINDOW_SIZE=65535",
    "← - SETTINGS MAX_FRAME_SIZE=16384",
    "← - SETTINGS ACK",
    "→ 1 HEADERS  pbsvc.PbTestService/EchoBidi :authority=ServiceB content-type=application/grpc user-agent=kitex/v0.16.3 te=trailers",
    "→ - SETTINGS ACK",
    "→ 1 DATA     pbsvc.PbTestService/EchoBidi 9 B",
    "← - WINDOW_UPDATE +14 bytes",
    "← - PING",
    "→ - PING     ACK",
    "← 1 HEADERS  pbsvc.PbTestService/EchoBidi :status=200 content-type=application/grpc",
    "← 1 DATA     pbsvc.PbTestService/EchoBidi 9 B",
    "→ - WINDOW_UPDATE +14 bytes",
    "→ - PING",
    "→ 1 DATA     pbsvc.PbTestService/EchoBidi 11 B",
    "← - PING     ACK",
    "← 1 DATA     pbsvc.PbTestService/EchoBidi 11 B",
    "→ 1 DATA     pbsvc.PbTestService/EchoBidi 11 B",
    "← 1 DATA     pbsvc.PbTestService/EchoBidi 11 B",
    "→ 1 DATA     END_STREAM pbsvc.PbTestService/EchoBidi 0 B",
    "← 1 HEADERS  END_STREAM pbsvc.PbTestService/EchoBidi grpc-status=0 grpc-message=",
  ],
  "biz": [
    "- - speaks   HTTP/2",
    "→ - SETTINGS INITIAL_WINDOW_SIZE=65535",
    "← - SETTINGS MAX_FRAME_SIZE=16384",
    "← - SETTINGS ACK",
    "→ 1 HEADERS  pbsvc.PbTestService/EchoBidi :authority=ServiceB content-type=application/grpc user-agent=kitex/v0.16.3 te=trailers",
    "→ 1 DATA     pbsvc.PbTestService/EchoBidi 9 B",
    "→ - SETTINGS ACK",
    "← - WINDOW_UPDATE +14 bytes",
    "← - PING",
    "→ - PING     ACK",
    '← 1 HEADERS  END_STREAM pbsvc.PbTestService/EchoBidi :status=200 content-type=application/grpc grpc-status=13 grpc-message=biz with extra biz-status=405 biz-extra={"ek":"ev"} biz error: code=405, msg=biz with extra',
    "← 1 RST_STREAM pbsvc.PbTestService/EchoBidi NO_ERROR",
    "→ 1 RST_STREAM pbsvc.PbTestService/EchoBidi NO_ERROR",
  ],
  "cancel_recv": [
    "- - speaks   HTTP/2",
    "→ - SETTINGS INITIAL_WINDOW_SIZE=65535",
    "← - SETTINGS MAX_FRAME_SIZE=16384",
    "→ 1 HEADERS  pbsvc.PbTestService/EchoBidi :authority=ServiceB content-type=application/grpc user-agent=kitex/v0.16.3 te=trailers",
    "← - SETTINGS ACK",
    "→ 1 DATA     pbsvc.PbTestService/EchoBidi 9 B",
    "→ - SETTINGS ACK",
    "← - WINDOW_UPDATE +14 bytes",
    "← - PING",
    "→ - PING     ACK",
    "→ 1 RST_STREAM pbsvc.PbTestService/EchoBidi CANCEL",
  ],
};

for (const [scenario, lines] of Object.entries(grpcLines)) {
  Deno.test(`gRPC's ${scenario} is shown frame by frame`, () => {
    assertEquals(linesOf(read(recordedGrpc(scenario))), lines);
  });
}

Deno.test("every recorded conversation reads the same, however its bytes are cut", () => {
  for (const { scenario } of conversations()) {
    const parts = recorded(scenario);
    assertEquals(read(byteByByte(parts)), read(parts), scenario);
  }
});
