import type { Bytes } from "../../../../mod.ts";
import { ErrorCode } from "../../../../src/http2/error_code.ts";
import { Flag, FrameType } from "../../../../src/http2/frame.ts";
import { block, frame, rst, u32, windowUpdate } from "../../../http2/wire.ts";
import {
  dataFrame,
  forEachStream,
  Http2Raw,
  message,
  oddIds,
  request,
  requestFields,
} from "../../harness/http2_raw.ts";
import { growthDuring, leftovers, MIB, mib, ms, percentile, seconds, wait } from "../../harness/measure.ts";
import type { Lab, Line, Row } from "../../harness/row.ts";

const MAX_GROWTH_BYTES = 16 * MIB;
const MAX_TRIP_MS = 1_000;
/** Streams of the neighbour: enough for a 99th percentile. */
const NEIGHBOURS = 10;
const MAX_STREAMS = 1024;
/** So many resets, in streams that may run at a time, end their connection. */
const BUDGET = 10 * MAX_STREAMS;
/** How long, in milliseconds, the end of a connection may take to come. */
const END_MS = 5_000;

type Handlers = "Heeds" | "Ignores";
type How = "in one write" | "in separate reads";

/** Something that ends a stream as soon as it has begun, and what its frames are. */
interface Attack {
  readonly name: string;
  readonly done: string;
  frames(method: Handlers): Bytes[];
}

const rapid: Attack = {
  name: "rapid resets",
  done: "HEADERS and RST_STREAM",
  frames: (method) => [request(1, method), rst(1, ErrorCode.CANCEL)],
};

/** What has the server reset the stream, which no RST_STREAM of the client's says (MadeYouReset, CVE-2025-8671). */
const MADE: readonly Attack[] = made([
  ["a WINDOW_UPDATE of 0", windowUpdate(1, 0)],
  ["a window over 2³¹-1", windowUpdate(1, 0x7fff_ffff)],
  ["a PRIORITY that depends on itself", frame(FrameType.PRIORITY, 0, 1, [...u32(1), 0])],
  ["a PRIORITY of four bytes", frame(FrameType.PRIORITY, 0, 1, [0, 0, 0, 0])],
  ["DATA behind the end", dataFrame(1, new Uint8Array(1), Flag.END_STREAM), dataFrame(1, new Uint8Array(1))],
  ["malformed trailers", frame(FrameType.HEADERS, Flag.END_HEADERS, 1, block([["x", "y"]]))],
  ["a message with the flag 9", dataFrame(1, message(new Uint8Array(1), 9))],
  ["a message of 4 GiB", dataFrame(1, message(new Uint8Array(1), 0, 0xffff_ffff))],
]);

function made(lines: readonly (readonly [name: string, ...frames: Bytes[]])[]): Attack[] {
  return lines.map(([name, ...frames]) => ({
    name: `streams ended by ${name}`,
    done: `HEADERS and ${name}`,
    frames: (method: Handlers) => [request(1, method), ...frames],
  }));
}

const late: Attack = {
  name: "deadlines of a nanosecond",
  done: "HEADERS with `grpc-timeout: 1n`",
  frames: (method) => [
    frame(FrameType.HEADERS, Flag.END_HEADERS, 1, block(requestFields(method, ["grpc-timeout", "1n"]))),
  ],
};

/** Streams that are opened and ended as fast as they can be: CVE-2023-44487, and how else a client comes to it. */
export const grpcRapidReset: Row = {
  name: "gRPC rapid resets",
  protocol: "grpc",
  async *run(lab) {
    for (const method of ["Heeds", "Ignores"] as const) {
      for (const how of ["in one write", "in separate reads"] as const) {
        yield await attack(lab, rapid, method, how, lab.size(300_000, 60_000));
      }
    }
    for (const one of MADE) yield await attack(lab, one, "Heeds", "in one write", lab.size(100_000, 60_000));
    yield await attack(lab, late, "Heeds", "in separate reads", lab.size(100_000, 60_000));
  },
};

async function attack(lab: Lab, what: Attack, method: Handlers, how: How, count: number): Promise<Line> {
  const { child, port } = await lab.server({ maxStreams: MAX_STREAMS });
  const neighbour = await lab.client();
  await neighbour.ask("ping", { port, streams: NEIGHBOURS });
  await wait(lab.size(1_000, 300));
  await neighbour.ask("trips");
  const before = await child.stats();
  let sent = 0;
  let uncut = 0;
  let connections = 0;
  const began = performance.now();
  const growth = await growthDuring(child, async () => {
    while (sent < count && connections < count / 1000) {
      connections++;
      const went = await untilCut(port, what.frames(method), how, count - sent);
      sent += went.streams;
      // Some of the budget comes back with time: a connection that is hardly over it may be spared.
      if (went.streams > BUDGET * 1.5 && !went.cut) uncut++;
      lab.progress(`gRPC rapid resets: ${sent} of ${count}`);
    }
  });
  const took = performance.now() - began;
  const { tripsMs } = await neighbour.ask<{ tripsMs: number[] }>("trips");
  await child.ask("release");
  const { failed } = await neighbour.ask<{ failed: number }>("stop");
  const after = await child.stats();
  const p99 = percentile(tripsMs, 0.99);
  const worst = percentile(tripsMs, 1);
  const faults = await leftovers(child, { ...before, sockets: before.sockets - 1 });
  const reason = after.errors.last[0] ?? "";
  if (growth.liveBytes > MAX_GROWTH_BYTES) faults.push(`it grew by ${mib(growth.liveBytes)}`);
  if (uncut > 0) faults.push(`${uncut} connections were not cut`);
  if (reason === "") faults.push("no connection ended with a reason");
  if (p99 > MAX_TRIP_MS) faults.push(`a neighbour's round trips took ${ms(p99)} (p99)`);
  if (failed > 0) faults.push(`${failed} of the neighbour's streams failed`);
  return {
    name: `${count} ${what.name}, handlers that ${
      method === "Heeds" ? "heed" : "ignore"
    } their signal, ${how}`,
    done:
      `${what.done}, again and again; a connection that is cut is made anew. A neighbour plays ping-pong meanwhile`,
    promise: `a connection ends with a reason after some ${BUDGET} of them; less than ${
      mib(MAX_GROWTH_BYTES)
    } more; the neighbour's p99 is below ${ms(MAX_TRIP_MS)}`,
    figure: `${connections} connections in ${seconds(took)}, ${
      after.counts.started ?? 0
    } handlers started; grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)}); p99 ${
      ms(p99)
    }, worst ${ms(worst)} of ${tripsMs.length}; "${reason.replace(/^.*desc = /, "")}"`,
    faults,
  };
}

/** In separate reads: so many streams at a time, and a turn of the event loop between. */
const PORTION = 200;

/** @returns How many streams left, some of which the server may have dropped, and whether it ended the connection. */
async function untilCut(
  port: number,
  frames: readonly Bytes[],
  how: How,
  count: number,
): Promise<{ streams: number; cut: boolean }> {
  using raw = await Http2Raw.open(port);
  let cut = false;
  const reading = raw.read().then(() => cut = true);
  const size = how === "in one write" ? count : PORTION;
  let sent = 0;
  for (let written = true; written && sent < count && !cut;) {
    const ids = oddIds(sent, Math.min(size, count - sent));
    written = await raw.send(forEachStream(ids, ...frames));
    sent += ids.length;
    if (size === PORTION) await new Promise((resolve) => setImmediate(resolve));
  }
  if (sent > BUDGET) await Promise.race([reading, wait(END_MS)]);
  const ended = cut;
  raw.close();
  await reading;
  return { streams: sent, cut: ended };
}
