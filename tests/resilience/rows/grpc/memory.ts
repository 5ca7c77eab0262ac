import { gzipSync } from "node:zlib";
import { Flag, FrameType } from "../../../../src/http2/frame.ts";
import { block, frame, join } from "../../../http2/wire.ts";
import {
  dataFrame,
  forEachStream,
  Http2Raw,
  message,
  oddIds,
  request,
  requestFields,
} from "../../harness/http2_raw.ts";
import { growthDuring, leftovers, MIB, mib, wait } from "../../harness/measure.ts";
import type { Lab, Line, PlainOptions, Row } from "../../harness/row.ts";

/** What the windows of a connection let it hold (`UNREAD_WINDOWS` of 8 MiB, and one window more), and some. */
const WINDOWS_BYTES = 9 * 8 * MIB + 16 * MIB;
const SOME_BYTES = 16 * MIB;
/**
 * What it may hold of messages in part: a window, and three times `UNREAD_WINDOWS` (unread, granted to messages larger
 * than windows, held of those that are not whole), with room for a third more (`src/grpc/message_body.ts`), and some.
 */
const PARTS_BYTES = (1 + 3 * 8) * 8 * MIB * 4 / 3 + SOME_BYTES;
const STREAMS = 1_000;
const FRAME_BYTES = 16_384;
/** When the server has taken nothing for so long, in milliseconds, it will not. */
const STILL_MS = 1_000;

/** What is small on the wire, or announced and not sent, and might be large in memory. */
export const grpcMemory: Row = {
  name: "gRPC memory",
  protocol: "grpc",
  async *run(lab) {
    yield await hpackBomb(lab);
    yield await announced(lab);
    yield await announcedAndSent(lab);
    yield await gzipBombs(lab);
    yield await unreadNothings(lab);
    yield await headerLists(lab);
  },
};

/** One attack on a server whose handlers wait: `send` says what it has sent. */
async function attack(
  lab: Lab,
  line: { name: string; done: string; maxBytes: number; options?: PlainOptions },
  send: (raw: Http2Raw, client: Sending) => Promise<void>,
): Promise<Line> {
  const { child, port } = await lab.server({ frameTimeoutMs: 120_000, ...line.options });
  const before = await child.stats();
  using raw = await Http2Raw.open(port);
  const sending = new Sending(raw);
  const growth = await growthDuring(child, async () => {
    await send(raw, sending);
    await wait(lab.size(1_000, 300));
  });
  const { errors } = await child.stats();
  raw.close();
  await sending.reading;
  await child.ask("release");
  const faults = await leftovers(child, before);
  if (growth.liveBytes > line.maxBytes) faults.push(`it grew by ${mib(growth.liveBytes)}`);
  const end = errors.last[0]?.replace(/^.*desc = /, "").replace(/: HTTP.*$/, "");
  return {
    name: line.name,
    done: line.done,
    promise: `less than ${mib(line.maxBytes)} more; nothing is left when the client has gone`,
    figure: `${mib(sending.sentBytes)} sent; grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)})${
      end === undefined ? "" : `; "${end}"`
    }`,
    faults,
  };
}

/** Sends DATA as the windows allow. */
class Sending {
  readonly reading: Promise<void>;
  readonly #raw: Http2Raw;
  readonly #windows = new Map<number, number>();
  #window = 65_535;
  #initial = 65_535;
  #changed = Promise.withResolvers<void>();
  #ended = false;
  sentBytes = 0;

  constructor(raw: Http2Raw) {
    this.#raw = raw;
    this.reading = raw.read(({ type, flags, streamId, payload }) => {
      const number = new DataView(payload.buffer, payload.byteOffset, payload.length);
      if (type === FrameType.WINDOW_UPDATE && streamId === 0) this.#window += number.getUint32(0);
      else if (type === FrameType.WINDOW_UPDATE) this.#raise(streamId, number.getUint32(0));
      else if (type === FrameType.SETTINGS && (flags & Flag.ACK) === 0) this.#settings(number);
      this.#tell();
    }).then(() => {
      this.#ended = true;
      this.#tell();
    });
  }

  /** Resolves when the server has said its SETTINGS. */
  async settings(): Promise<void> {
    while (this.#initial === 65_535 && !this.#ended) await this.#changed.promise;
  }

  /** Sends so many bytes on each stream, one frame on each in turn, until nothing may be sent any more. */
  async each(ids: readonly number[], bytes: number): Promise<void> {
    const left = new Map(ids.map((id) => [id, bytes]));
    const zeros = new Uint8Array(FRAME_BYTES);
    while (left.size > 0 && !this.#ended) {
      let moved = false;
      for (const [id, rest] of left) {
        const window = this.#windows.get(id) ?? this.#initial;
        const size = Math.min(rest, FRAME_BYTES, window, this.#window);
        if (size <= 0) continue;
        this.#windows.set(id, window - size);
        this.#window -= size;
        if (!await within(this.#raw.send(dataFrame(id, zeros.subarray(0, size))), STILL_MS)) return;
        this.sentBytes += size;
        if (rest === size) left.delete(id);
        else left.set(id, rest - size);
        moved = true;
      }
      if (!moved && !await this.#moves()) return;
    }
  }

  /** Counts what has been sent on a stream beside. */
  spent(id: number, bytes: number): void {
    this.#windows.set(id, (this.#windows.get(id) ?? this.#initial) - bytes);
    this.#window -= bytes;
    this.sentBytes += bytes;
  }

  /** Whether anything may be sent before long. */
  #moves(): Promise<boolean> {
    return within(this.#changed.promise.then(() => true), STILL_MS);
  }

  #raise(id: number, bytes: number): void {
    this.#windows.set(id, (this.#windows.get(id) ?? this.#initial) + bytes);
  }

  #settings(view: DataView): void {
    for (let at = 0; at < view.byteLength; at += 6) {
      if (view.getUint16(at) === 4) this.#initial = view.getUint32(at + 2);
    }
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** What `work` resolves with, or false where that takes longer. */
async function within(work: Promise<boolean>, limitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), limitMs);
  const done = await Promise.race([work, late]);
  clearTimeout(timer);
  return done;
}

const SIXTEEN_MIB = 16 * MIB;

function announced(lab: Lab): Promise<Line> {
  const begun = dataFrame(1, message(new Uint8Array(1), 0, SIXTEEN_MIB));
  return attack(lab, {
    name: `${STREAMS} messages announced`,
    done: `${STREAMS} streams of one connection each announce a message of 16 MiB, and send a byte of it`,
    maxBytes: SOME_BYTES,
  }, (raw) => raw.send(forEachStream(oddIds(0, STREAMS), request(1, "Ignores"), begun)).then(() => {}));
}

function announcedAndSent(lab: Lab): Promise<Line> {
  const begun = dataFrame(1, message(new Uint8Array(1), 0, SIXTEEN_MIB));
  const bytes = lab.size(14, 4) * MIB;
  return attack(lab, {
    name: `${STREAMS} messages announced, and nearly sent`,
    done:
      `${STREAMS} streams of one connection each announce a message of 16 MiB, and send as much as the windows let them of ${
        mib(bytes)
      }, and no end`,
    maxBytes: PARTS_BYTES,
  }, async (raw, sending) => {
    await sending.settings();
    const ids = oddIds(0, STREAMS);
    await raw.send(forEachStream(ids, request(1, "Ignores"), begun));
    for (const id of ids) sending.spent(id, 6);
    await sending.each(ids, bytes);
  });
}

/** Compressed messages that are a thousand times as large, which nobody reads. */
function gzipBombs(lab: Lab): Promise<Line> {
  const bomb = message(gzipSync(new Uint8Array(15 * MIB), { level: 9 }), 1);
  const bombs = join(...Array.from({ length: 20 }, () => bomb));
  return attack(lab, {
    name: "a DATA frame of 20 gzip bombs",
    done:
      `20 messages of ${bomb.length} bytes that are 15 MiB each, in one DATA frame, to a handler that reads none`,
    maxBytes: WINDOWS_BYTES,
  }, async (raw) => {
    const fields = requestFields("Ignores", ["grpc-encoding", "gzip"]);
    await raw.send(frame(FrameType.HEADERS, Flag.END_HEADERS, 1, block(fields)), dataFrame(1, bombs));
  });
}

/** The smallest messages there are, which cost more than their five bytes. */
function unreadNothings(lab: Lab): Promise<Line> {
  const nothings = new Uint8Array(FRAME_BYTES - FRAME_BYTES % 5);
  const frames = 80;
  return attack(lab, {
    name: "empty messages that nobody reads",
    done: `100 streams send ${
      frames * nothings.length / 5
    } empty messages each, as far as the windows let them`,
    maxBytes: WINDOWS_BYTES,
  }, async (raw, sending) => {
    await sending.settings();
    const ids = oddIds(0, 100);
    await raw.send(forEachStream(ids, request(1, "Ignores")));
    await sending.each(ids, frames * nothings.length);
  });
}

/** One large field in the table, referred to again and again (CVE-2016-6581). */
function hpackBomb(lab: Lab): Promise<Line> {
  const field = new Uint8Array(3 + 1 + 2 + 4000 - 32 - 1).fill(0x61);
  // A literal with indexing: the name "a", and a value without Huffman of 3,967 bytes.
  field.set([0x40, 0x01, 0x61, 0x7f, 0x80 | (3967 - 127 & 0x7f), 3967 - 127 >> 7]);
  const bomb = frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, [
    // Without the size of the table that it begins with: that is none.
    ...block(requestFields("Ignores")).subarray(1),
    ...field,
    ...new Uint8Array(11_000).fill(0x80 | 62),
  ]);
  const count = lab.size(2_000, 500);
  return attack(lab, {
    name: `${count} HPACK bombs`,
    done: `${count} requests, each with one field of 4 KB and 11,000 references to it: 44 MB a request`,
    maxBytes: SOME_BYTES,
  }, async (raw, sending) => {
    for (let at = 0; at < count; at += 20) {
      const bytes = forEachStream(oddIds(at, 20), bomb);
      if (!await raw.send(bytes)) return;
      sending.sentBytes += bytes.length;
    }
  });
}

/** As large as they may be, on as many streams as there may be. */
function headerLists(lab: Lab): Promise<Line> {
  const fields = requestFields("Ignores", ["x", "y".repeat(15_000)]);
  const large = frame(FrameType.HEADERS, Flag.END_HEADERS, 1, block(fields));
  return attack(lab, {
    name: `${STREAMS} streams with header lists of 15 KB`,
    done: `${STREAMS} requests of one connection, whose handlers go on`,
    maxBytes: 3 * SOME_BYTES,
  }, async (raw, sending) => {
    const bytes = forEachStream(oddIds(0, STREAMS), large);
    await raw.send(bytes);
    sending.sentBytes += bytes.length;
  });
}
