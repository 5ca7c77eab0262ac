import type { Bytes } from "../../../../mod.ts";
import { ErrorCode } from "../../../../src/http2/error_code.ts";
import { Flag, FrameType, uint32 } from "../../../../src/http2/frame.ts";
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
import { type Attack, attack, type Handlers } from "../../harness/resets.ts";
import type { Row } from "../../harness/row.ts";

/** The frames of the first stream, again for every other one. */
function attackOf(name: string, done: string, frames: (method: Handlers) => Bytes[]): Attack {
  return {
    name,
    done,
    async open(port) {
      const raw = await Http2Raw.open(port);
      return {
        send: (bytes) => raw.send(bytes),
        read: (refused) =>
          raw.read(({ type, payload }) => {
            if (type === FrameType.RST_STREAM && uint32(payload, 0) === ErrorCode.REFUSED_STREAM) refused();
          }),
        close: () => raw.close(),
        [Symbol.dispose]: () => raw.close(),
      };
    },
    streams: (from, count, method) => forEachStream(oddIds(from, count), ...frames(method)),
  };
}

const rapid = attackOf(
  "rapid resets",
  "HEADERS and RST_STREAM",
  (method) => [request(1, method), rst(1, ErrorCode.CANCEL)],
);

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
  return lines.map(([name, ...frames]) =>
    attackOf(`streams ended by ${name}`, `HEADERS and ${name}`, (method) => [request(1, method), ...frames])
  );
}

const late = attackOf("deadlines of a nanosecond", "HEADERS with `grpc-timeout: 1n`", (method) => [
  frame(FrameType.HEADERS, Flag.END_HEADERS, 1, block(requestFields(method, ["grpc-timeout", "1n"]))),
]);

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
