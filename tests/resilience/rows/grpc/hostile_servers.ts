import type { Bytes } from "../../../../mod.ts";
import { Flag, FrameType } from "../../../../src/http2/frame.ts";
import type { HeaderField } from "../../../../src/http2/hpack/field.ts";
import {
  block,
  data,
  frame,
  goAway,
  headers,
  join,
  ping,
  rst,
  settings,
  windowUpdate,
} from "../../../http2/wire.ts";
import { message } from "../../harness/http2_raw.ts";
import { Listener } from "../../harness/listener.ts";
import { growthDuring, leftovers, MIB, mib, seconds } from "../../harness/measure.ts";
import type { Lab, Line, Row } from "../../harness/row.ts";
import type { Ended } from "../../programs/settle.ts";

const MAX_GROWTH_BYTES = 24 * MIB;
const TIMES = 8;
const CALL_TIMEOUT_MS = 1_500;
const PATIENCE_MS = 8_000;
const PORTION_BYTES = 64 * 1024;

const RESPONSE: readonly HeaderField[] = [[":status", "200"], ["content-type", "application/grpc"]];
const hello = settings();
const response = headers(1, RESPONSE);
const again = (bytes: Bytes) =>
  join(...Array.from({ length: Math.ceil(PORTION_BYTES / bytes.length) }, () => bytes));

/** What a server answers a call with, once, and then for ever. */
interface Server {
  readonly name: string;
  readonly first: Bytes;
  readonly forever?: Bytes;
}

const SERVERS: readonly Server[] = [
  { name: "says nothing at all", first: new Uint8Array(0) },
  { name: "says SETTINGS and nothing more", first: hello },
  { name: "sends a header, and trailers never", first: join(hello, response) },
  { name: "sends DATA without a header", first: join(hello, data(1, 5)) },
  { name: "ends without trailers", first: join(hello, response, data(1, 0, Flag.END_STREAM)) },
  { name: "takes no streams for ever", first: settings([3, 0]) },
  { name: "says GOAWAY with the last id 0", first: join(hello, goAway(0, 0)) },
  { name: "says GOAWAY with ENHANCE_YOUR_CALM", first: join(hello, goAway(1, 11, "x".repeat(5000))) },
  { name: "says a GOAWAY whose last id grows", first: join(hello, goAway(0, 0), goAway(9, 0)) },
  { name: "pushes", first: join(hello, frame(FrameType.PUSH_PROMISE, Flag.END_HEADERS, 1, [0, 0, 0, 2])) },
  { name: "refuses the stream", first: join(hello, rst(1, 7)) },
  { name: "answers a stream that there is not", first: join(hello, headers(99, RESPONSE)) },
  { name: "sends a header list that is too large", first: join(hello, bigHeaders()) },
  { name: "announces a message of 4 GiB", first: join(hello, response, prefix(0xffff_ffff)) },
  { name: "announces a message of 16 MiB, and sends a byte", first: join(hello, response, prefix(1 << 24)) },
  {
    name: "says HTTP 503 in HTML",
    first: join(hello, headers(1, [[":status", "503"], ["content-type", "text/html"]], Flag.END_STREAM)),
  },
  { name: "floods with PING", first: hello, forever: again(ping(1)) },
  { name: "floods with SETTINGS", first: hello, forever: again(settings([4, 70_000])) },
  {
    name: "floods with SETTINGS of MAX_CONCURRENT_STREAMS 0 and 1",
    first: hello,
    forever: again(join(settings([3, 0]), settings([3, 1]))),
  },
  { name: "floods with empty DATA", first: join(hello, response), forever: again(data(1, 0)) },
  { name: "floods with WINDOW_UPDATE", first: join(hello, response), forever: again(windowUpdate(1, 1)) },
  { name: "floods with GOAWAY", first: hello, forever: again(goAway(1, 0)) },
  { name: "floods with interim answers", first: hello, forever: again(headers(1, [[":status", "100"]])) },
  {
    name: "floods with CONTINUATION",
    first: join(hello, frame(FrameType.HEADERS, 0, 1)),
    forever: again(frame(FrameType.CONTINUATION, 0, 1, [0x88])),
  },
  {
    name: "floods with DATA beyond every window",
    first: join(hello, response),
    forever: again(data(1, 16_384)),
  },
  { name: "floods with RST_STREAM", first: hello, forever: again(rst(1, 8)) },
];

function bigHeaders(): Bytes {
  const fields: HeaderField[] = [...RESPONSE];
  for (let i = 0; i < 2_000; i++) fields.push([`k${i}`, ""]);
  const bytes = block(fields);
  return join(
    frame(FrameType.HEADERS, 0, 1, bytes.subarray(0, 8_000)),
    frame(FrameType.CONTINUATION, Flag.END_HEADERS, 1, bytes.subarray(8_000)),
  );
}

function prefix(length: number): Bytes {
  return frame(FrameType.DATA, 0, 1, message(new Uint8Array(1), 0, length));
}

/** A client of ours and a server that is none, or an enemy. */
export const grpcHostileServers: Row = {
  name: "gRPC hostile servers",
  protocol: "grpc",
  async *run(lab) {
    for (const server of SERVERS) yield await call(lab, server);
  },
};

async function call(lab: Lab, { name, first, forever }: Server): Promise<Line> {
  const client = await lab.client();
  await using server = await hostileServer(first, forever);
  const before = await client.stats();
  let ended: Ended = { settled: 0, unsettled: {}, ways: {} };
  const began = performance.now();
  const growth = await growthDuring(client, async () => {
    ended = await client.ask<Ended>("converse", {
      port: server.port,
      service: "Test",
      method: "Echo",
      messages: "616263",
      times: TIMES,
      atOnce: TIMES,
      timeoutMs: CALL_TIMEOUT_MS,
      patienceMs: PATIENCE_MS,
    });
  });
  const [way] = Object.keys(ended.ways);
  return {
    name: `a server that ${name}`,
    done: `${TIMES} calls with \`timeoutMs\` ${CALL_TIMEOUT_MS}, each on a connection of its own`,
    promise: `readable, writable, header, trailer and the connection's closed all settle; less than ${
      mib(MAX_GROWTH_BYTES)
    } more; nothing is left`,
    figure: `${ended.settled} of ${TIMES} settled in ${seconds(performance.now() - began)}; grew by ${
      mib(growth.liveBytes)
    }; "${way ?? "no error"}"`,
    faults: [
      ...Object.entries(ended.unsettled).map(([what, count]) => `${what} did not settle in ${count} of them`),
      ...growth.liveBytes > MAX_GROWTH_BYTES ? [`it grew by ${mib(growth.liveBytes)}`] : [],
      ...await leftovers(client, before),
    ],
  };
}

/** Answers each connection's first bytes. */
function hostileServer(first: Bytes, forever: Bytes | undefined): Promise<Listener> {
  return Listener.listen((socket) => {
    socket.on("data", () => {}); // it is all the same to this server
    socket.once("data", () => {
      if (first.length > 0) socket.write(first);
      const more = () => {
        while (forever !== undefined && !socket.destroyed && socket.write(forever));
      };
      socket.on("drain", more);
      more();
    });
  });
}
