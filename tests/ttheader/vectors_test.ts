/** Every frame that was recorded between two Kitex programs, or between one and a program that broke the rules. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { ByteBuffer, type Bytes, connectOver, serveOver } from "../../mod.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import { writeFrame } from "../support/write_frame.ts";
import { readException } from "../../src/ttheader/exception.ts";
import { type Frame, FrameType } from "../../src/ttheader/frame.ts";
import { streamErrorThrown } from "../support/failures.ts";
import { duplexPair } from "../support/pair.ts";
import { Random } from "../support/random.ts";
import {
  type Conversation,
  conversation,
  conversations,
  oneWay,
  type RecordedFrame,
} from "../support/vectors.ts";
import { WirePeer } from "../support/wire_peer.ts";

const LIMIT = 16 * 1024 * 1024;

function decodeAll(chunks: Iterable<Bytes>): Frame[] {
  const decoder = new FrameDecoder(LIMIT);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) frames.push(frame);
  }
  assertEquals(decoder.pendingBytes, 0);
  return frames;
}

function decodeOne(bytes: Bytes): Frame {
  const [frame, ...more] = decodeAll([bytes]);
  assertEquals(more, []);
  assert(frame !== undefined);
  return frame;
}

/** What is wrong with the recorded chunks that are no frames. `kitex` says whether a program of Kitex's printed the same text. */
const refused: Readonly<Record<string, { starts: string; description: string; kitex: boolean }>> = {
  raw_to_client_noflag: {
    starts: "0000003610000000",
    description: "unexpected header flags: 0",
    kitex: true,
  },
  raw_to_server_noflag: {
    starts: "0000003610000000",
    description: "unexpected header flags: 0",
    kitex: true,
  },
  raw_to_server_noflag_start: {
    starts: "0000003610000000",
    description: "unexpected header flags: 0",
    kitex: false,
  },
  raw_to_server_headersize_zero: { starts: "0000000a", description: "invalid header length[0]", kitex: true },
  raw_to_server_no_frametype: { starts: "0000001e", description: "unexpected frame type: ", kitex: true },
  raw_to_server_unknown_frametype: {
    starts: "00000022100000020000000100061000100002000900084563686f42696469001b000139",
    description: "unexpected frame type: 9",
    kitex: true,
  },
  raw_to_server_headersize_ffff: {
    starts: "000000361000000200000001ffff",
    description: "header of 262140 bytes exceeds the 44 bytes that the frame has left",
    kitex: false,
  },
  raw_to_server_garbage_start: {
    starts: "54484953",
    description: "not TTHeader protocol (first4Bytes=0x54484953, second4Bytes=0x20495320)",
    kitex: false,
  },
  // Kitex reads on beyond the announced end and stumbles over what comes next.
  raw_to_client_undersize: {
    starts: "00000004",
    description: "frame of 4 bytes is shorter than its fixed part of 10 bytes",
    kitex: false,
  },
  raw_to_server_undersize: {
    starts: "00000004",
    description: "frame of 4 bytes is shorter than its fixed part of 10 bytes",
    kitex: false,
  },
};

const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Whether the recording shows the chunk as one that is no frame. */
function isRefused({ scenario, bytes }: RecordedFrame): boolean {
  const starts = refused[scenario]?.starts;
  return starts !== undefined && hexOf(bytes).startsWith(starts);
}

const recorded = conversations();
const good = recorded.map(({ scenario, frames }) => ({
  scenario,
  frames: frames.filter((frame) => !isRefused(frame) && frame.fields !== undefined),
}));

Deno.test("the recordings are all there: 120 conversations with more than 1,000 frames", () => {
  assertEquals(recorded.length, 120);
  assertEquals(good.flatMap(({ frames }) => frames).length > 1000, true);
  const types = new Set(good.flatMap(({ frames }) => frames.map(({ fields }) => fields?.type)));
  assertEquals(types, new Set(Object.values(FrameType)));
});

for (const { scenario, frames } of good) {
  if (frames.length === 0) continue;

  Deno.test(`${scenario}: its ${frames.length} frames decode to what was recorded, and again when re-encoded`, () => {
    for (const { bytes, fields, exception } of frames) {
      const frame = decodeOne(bytes);
      assertEquals(frame, fields);
      if (exception !== undefined) assertEquals(readException(frame.payload), exception);
      const buffer = new ByteBuffer();
      writeFrame(buffer, frame);
      assertEquals(decodeOne(buffer.toBytes()), fields);
    }
  });
}

for (const { scenario, frames, text } of recorded) {
  const entry = refused[scenario];
  if (entry === undefined) continue;

  Deno.test(`${scenario}: what is no frame is refused with 12004 "${entry.description}"`, () => {
    const broken = frames.filter(isRefused);
    assertEquals(broken.length, 1);
    for (const { bytes } of broken) {
      const error = streamErrorThrown(() => decodeOne(bytes));
      assertEquals([error.code, error.side, error.description], [12004, undefined, entry.description]);
      if (entry.kitex) assertStringIncludes(text, error.message);
    }
  });
}

Deno.test("every recorded chunk is a frame that decodes, one that is refused, or one of two known exceptions", () => {
  const others = recorded.flatMap(({ frames }) => frames).filter((frame) =>
    !isRefused(frame) && frame.fields === undefined
  );
  // Three bytes and then silence; and a frame behind a broken one, which the recorder no longer read as such.
  assertEquals(others.map(({ scenario }) => scenario), [
    "raw_to_server_garbage_short",
    "raw_to_server_undersize",
  ]);
  const [short, behind] = others;
  assert(short !== undefined && behind !== undefined);
  const decoder = new FrameDecoder(LIMIT);
  decoder.push(short.bytes);
  assertEquals([decoder.next(), decoder.pendingBytes], [undefined, 3]);
  assertEquals(decodeOne(behind.bytes).type, FrameType.Data);
});

Deno.test("no prefix of a recorded frame yields a frame or throws, in one chunk or byte by byte", () => {
  const distinct = new Map(good.flatMap(({ frames }) => frames.map(({ bytes }) => [hexOf(bytes), bytes])));
  assertEquals(distinct.size > 300, true);
  for (const bytes of distinct.values()) {
    const bytewise = new FrameDecoder(LIMIT);
    // A large payload says nothing new byte by byte.
    const size = Math.min(bytes.length, 1024);
    for (let end = 0; end < size; end++) {
      const decoder = new FrameDecoder(LIMIT);
      decoder.push(bytes.subarray(0, end));
      if (decoder.next() !== undefined) throw new Error(`a frame after ${end} bytes of ${hexOf(bytes)}`);
      bytewise.push(bytes.slice(end, end + 1));
      if (end < bytes.length - 1 && bytewise.next() !== undefined) {
        throw new Error(`a frame at byte ${end} of ${hexOf(bytes)}`);
      }
    }
  }
});

/** Long ones, with every kind of frame and info block between them. */
const replayed = [
  "metainfo_acl_token",
  "biz_status_extra",
  "chain_metainfo",
  "cancel_hang",
  "handler_error",
  "raw_to_server_neg_sid",
];

for (const scenario of replayed) {
  for (const dir of ["c2s", "s2c"] as const) {
    Deno.test(`${scenario}, ${dir}: the same frames whole, cut after every byte, byte by byte, and cut at random`, () => {
      const frames = oneWay(conversation(scenario), dir);
      const bytes = concat(frames.map((frame) => frame.bytes));
      const uncut = decodeAll([bytes]);
      assertEquals(uncut, frames.map(({ fields }) => fields));
      for (let cut = 0; cut <= bytes.length; cut++) {
        assertEquals(decodeAll([bytes.slice(0, cut), bytes.slice(cut)]), uncut);
        assertEquals(decodeAll([bytes.subarray(0, cut), bytes.subarray(cut)]), uncut);
      }
      assertEquals(decodeAll(chunksOf(bytes, () => 1)), uncut);
      const random = new Random(1 + bytes.length);
      for (let run = 0; run < 200; run++) {
        const most = 1 + random.below(run % 2 === 0 ? 10 : bytes.length);
        assertEquals(decodeAll(chunksOf(bytes, () => random.below(most + 1))), uncut);
      }
    });
  }
}

function chunksOf(bytes: Bytes, size: () => number): Bytes[] {
  const chunks: Bytes[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + size());
    chunks.push(bytes.slice(at, end));
    at = end;
  }
  return chunks;
}

/** The cuts to replay a conversation with: none, one after every byte, and one between every two bytes. */
function cutsOf(bytes: Bytes): Bytes[][] {
  const cuts = [[bytes.slice()], chunksOf(bytes, () => 1)];
  for (let cut = 1; cut < bytes.length; cut++) cuts.push([bytes.slice(0, cut), bytes.slice(cut)]);
  return cuts;
}

/** What a side must send: Kitex's frames, but for the order of the pairs, which differs from run to run. */
function sentBy(recording: Conversation, dir: "c2s" | "s2c"): (Frame | undefined)[] {
  return oneWay(recording, dir).map(({ fields }) => fields);
}

Deno.test("a server answers a recorded client, cut after every byte, with the very frames that Kitex's server sent", async () => {
  const recording = conversation("bidi_3");
  const bytes = concat(oneWay(recording, "c2s").map((frame) => frame.bytes));
  const expected = sentBy(recording, "s2c");
  for (const chunks of cutsOf(bytes)) {
    const [near, far] = duplexPair();
    const { finished } = serveOver(near, (stream) => stream.readable.pipeTo(stream.writable));
    await using peer = new WirePeer(far);
    const sending = (async () => {
      for (const chunk of chunks) await peer.sendBytes(chunk);
    })();
    const frames: (Frame | undefined)[] = [];
    for (let i = 0; i < expected.length; i++) frames.push(await peer.next());
    assertEquals(frames, expected);
    await sending;
    await peer.close();
    await finished;
  }
});

Deno.test("a client reads a recorded server, cut after every byte, and sends the very frames that Kitex's client sent", async () => {
  const recording = conversation("bidi_3");
  const answers = oneWay(recording, "s2c");
  const bytes = concat(answers.map((frame) => frame.bytes));
  const messages = answers.filter(({ fields }) => fields?.type === FrameType.Data).map(({ fields }) =>
    fields?.payload
  );
  const requests = sentBy(recording, "c2s").filter((fields) => fields?.type === FrameType.Data).map((
    fields,
  ) => fields?.payload);
  for (const chunks of cutsOf(bytes)) {
    const [near, far] = duplexPair();
    await using connection = connectOver(near);
    await using peer = new WirePeer(far);
    const stream = connection.openStream({ service: "TestService", method: "EchoBidi" });
    const writer = stream.writable.getWriter();
    for (const request of requests) if (request !== undefined) await writer.write(request);
    await writer.close();
    const frames: (Frame | undefined)[] = [];
    for (let i = 0; i < requests.length + 2; i++) frames.push(await peer.next());
    assertEquals(frames, sentBy(recording, "c2s"));
    const sending = (async () => {
      for (const chunk of chunks) await peer.sendBytes(chunk);
    })();
    assertEquals(await Array.fromAsync(stream.readable), messages);
    await sending;
  }
});
