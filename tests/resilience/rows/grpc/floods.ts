import type { Bytes } from "../../../../mod.ts";
import { Flag, FrameType } from "../../../../src/http2/frame.ts";
import {
  data,
  frame,
  headers,
  join,
  ping,
  rst,
  settings,
  TRAILERS,
  u32,
  windowUpdate,
} from "../../../http2/wire.ts";
import { forEachStream, Http2Raw, oddIds, request } from "../../harness/http2_raw.ts";
import { growthDuring, leftovers, MIB, mib, ms, seconds, wait } from "../../harness/measure.ts";
import type { Lab, Line, Row } from "../../harness/row.ts";

const MAX_GROWTH_BYTES = 16 * MIB;
const FRAME_TIMEOUT_MS = 1_000;
/** The server's last words have a second to leave, and a busy machine may be late. */
const LATE_MS = 6_000;
const PORTION_BYTES = 64 * 1024;

/** Frames that come again and again on one connection. */
interface Flood {
  readonly name: string;
  /** What comes before. */
  readonly first?: readonly Bytes[];
  /** What comes for ever: the `i`th portion of it. */
  portion(i: number): Bytes;
}

const { CONTINUATION, HEADERS, PRIORITY } = FrameType;

/** The same frame again, for ever. */
function again(name: string, frame: Bytes, first: readonly Bytes[] = [request(1, "Heeds")]): Flood {
  const portion = join(...Array.from({ length: Math.ceil(PORTION_BYTES / frame.length) }, () => frame));
  return { name, first, portion: () => portion };
}

/** Frames for stream after stream. */
function streams(name: string, ...frames: Bytes[]): Flood {
  const size = frames.reduce((sum, { length }) => sum + length, 0);
  const count = Math.ceil(PORTION_BYTES / size);
  return { name, portion: (i) => forEachStream(oddIds(i * count, count), ...frames) };
}

/** No server needs to take more of these than a few: it ends the connection, whether its answers are read or not. */
const FLOODS: readonly Flood[] = [
  again("PING", ping(1)),
  again("PING answers to no PING", ping(1, Flag.ACK)),
  again("SETTINGS", settings()),
  again("SETTINGS that change every window", join(settings([4, 1]), settings([4, 70_000]))),
  again("SETTINGS that change the HPACK table", join(settings([1, 0]), settings([1, 0xffff_ffff]))),
  again(
    "SETTINGS of a thousand settings",
    settings(...Array.from({ length: 1000 }, () => [4, 65_535] as const)),
  ),
  again("acknowledgements of SETTINGS", frame(FrameType.SETTINGS, Flag.ACK, 0)),
  again("PRIORITY", frame(PRIORITY, 0, 7, [...u32(1), 0])),
  again("empty DATA", data(1, 0)),
  again("DATA of padding", frame(FrameType.DATA, Flag.PADDED, 1, [3, 0, 0, 0])),
  again("WINDOW_UPDATE of the connection", windowUpdate(0, 1)),
  again("WINDOW_UPDATE of a stream", windowUpdate(1, 1)),
  again("GOAWAY", frame(FrameType.GOAWAY, 0, 0, [...u32(0), ...u32(0)])),
  again("frames of an unknown type", frame(99, 0, 0)),
  again("RST_STREAM of a stream that is gone", rst(1, 8), [request(1, "Heeds"), rst(1, 8)]),
  again("HEADERS of a stream that is gone", headers(1, TRAILERS, Flag.END_STREAM), [
    request(1, "Heeds"),
    windowUpdate(1, 0),
  ]),
  again("CONTINUATION", frame(CONTINUATION, 0, 1, new Uint8Array(100)), [
    frame(HEADERS, 0, 1, new Uint8Array(100).fill(0x82)),
  ]),
  again("CONTINUATION without bytes", frame(CONTINUATION, 0, 1), [frame(HEADERS, 0, 1)]),
  again("CONTINUATION of 16 KiB", frame(CONTINUATION, 0, 1, new Uint8Array(16_384)), [frame(HEADERS, 0, 1)]),
];

/** Each is answered, as it should be: what is sent and not read must have a bound. */
const REQUESTS: readonly Flood[] = [
  streams("requests of unknown methods", request(1, "Unknown", Flag.END_STREAM)),
  streams("requests that are none of gRPC's", plain()),
  streams("requests beyond maxStreams", request(1, "Heeds")),
];

function plain(): Bytes {
  const fields = [[":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "b"]] as const;
  return headers(1, fields.map(([name, value]) => [name, value]), Flag.END_STREAM);
}

export const grpcFloods: Row = {
  name: "gRPC floods",
  protocol: "grpc",
  async *run(lab) {
    for (const flood of FLOODS) {
      yield await attack(lab, flood, "read");
      yield await attack(lab, flood, "unread");
    }
    for (const flood of REQUESTS) yield await attack(lab, flood, "unread");
  },
};

async function attack(lab: Lab, flood: Flood, answers: "read" | "unread"): Promise<Line> {
  const bytes = lab.size(64, 16) * MIB;
  const { child, port } = await lab.server({ frameTimeoutMs: FRAME_TIMEOUT_MS });
  const before = await child.stats();
  // A window without end: what does not wait for it may not wait for anything.
  using raw = await Http2Raw.open(port, [[4, 0x7fff_ffff]]);
  const reading = answers === "read" ? raw.read() : Promise.resolve();
  await raw.send(windowUpdate(0, 0x7000_0000), ...flood.first ?? []);
  let sent = 0;
  const began = performance.now();
  let lastAt = began;
  const sending = (async () => {
    for (let i = 0; sent < bytes; i++) {
      const portion = flood.portion(i);
      if (!await raw.send(portion)) return;
      sent += portion.length;
      lastAt = performance.now();
    }
  })();
  let cutAt: number | undefined;
  const growth = await growthDuring(child, async () => {
    // Whether the server has let go of the connection shows in its own sockets: the client may not read.
    while (cutAt === undefined && performance.now() - lastAt < FRAME_TIMEOUT_MS + LATE_MS) {
      await wait(50);
      const { sockets } = await child.stats();
      lab.progress(`gRPC floods: ${flood.name}, ${mib(sent)} sent`);
      if (sockets <= before.sockets) cutAt = performance.now();
    }
  });
  raw.close();
  await Promise.all([sending, reading]);
  const faults = await leftovers(child, before);
  if (growth.liveBytes > MAX_GROWTH_BYTES) faults.push(`it grew by ${mib(growth.liveBytes)}`);
  if (cutAt === undefined) faults.push("the connection was not ended");
  const { errors } = await child.stats();
  const reason = errors.last[0]?.replace(/^.*desc = (HTTP\/2 connection error )?/, "").replace(
    /: HTTP.*$/,
    "",
  );
  if (reason === undefined) faults.push("no reason was told");
  return {
    name: `a flood of ${flood.name}, answers ${answers}`,
    done: `up to ${mib(bytes)} on one connection${
      answers === "read" ? "" : " that reads nothing"
    }, \`frameTimeoutMs\` ${FRAME_TIMEOUT_MS}`,
    promise: `less than ${mib(MAX_GROWTH_BYTES)} more, and the connection ends with a reason`,
    figure: `${mib(sent)} sent in ${seconds(lastAt - began)}, ${
      cutAt === undefined ? "not cut" : `cut ${ms(Math.max(0, cutAt - lastAt))} after`
    }; grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)}); "${reason ?? ""}"`,
    faults,
  };
}
