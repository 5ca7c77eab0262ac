// What `header` and `trailer` come to in every end, and that nobody has to await them.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { ClientStream, Metadata } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes } from "../support/codecs.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { CANCELED, ClientScript } from "../support/script.ts";
import { exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

const header: FrameInit = { type: FrameType.Header, metadata: { a: "1", isn: "Test" } };
const trailer: FrameInit = { type: FrameType.Trailer, metadata: { cost: "3" } };
const failed: FrameInit = { ...trailer, payload: exceptionPayload({ type: 6, message: "biz error: boom" }) };
const rst: FrameInit = { type: FrameType.Rst, payload: exceptionPayload({ type: 12011, message: "no" }) };
const business: FrameInit = {
  type: FrameType.Trailer,
  metadata: { "biz-status": "404", "biz-message": "gone" },
};

const HEADER = new Map([["a", "1"], ["isn", "Test"]]);
const TRAILER = new Map([["cost", "3"]]);
const NONE = new Map<string, string>();
const RST = "[ttstream error, code=12011] [client-side stream] no";
const LOST = "[ttstream error, code=12006] connection closed by peer";
const CANCEL = `[ttstream error, code=12007] [client-side stream] ${CANCELED}`;

/** What happens, and what each promise resolves with, or the text it rejects with. */
const rows: {
  name: string;
  frames?: FrameInit[];
  end?: "close" | "cancel";
  header: Metadata | string;
  trailer: Metadata | string;
}[] = [
  { name: "Header and Trailer", frames: [header, trailer], header: HEADER, trailer: TRAILER },
  {
    name: "Header and Trailer without keys",
    frames: [{ type: FrameType.Header }, { type: FrameType.Trailer }],
    header: NONE,
    trailer: NONE,
  },
  { name: "a Trailer without a Header", frames: [trailer], header: NONE, trailer: TRAILER },
  {
    name: "Header and a Trailer with an exception",
    frames: [header, failed],
    header: HEADER,
    trailer: TRAILER,
  },
  { name: "a Trailer with an exception, without a Header", frames: [failed], header: NONE, trailer: TRAILER },
  {
    name: "a Trailer with a business error",
    frames: [header, business],
    header: HEADER,
    trailer: new Map(Object.entries(business.metadata ?? {})),
  },
  {
    name: "a Trailer with junk for an exception",
    frames: [{ ...trailer, payload: bytes("junk") }],
    header: NONE,
    trailer: TRAILER,
  },
  { name: "a Rst first of all", frames: [rst], header: RST, trailer: RST },
  { name: "Header, then Rst", frames: [header, rst], header: HEADER, trailer: RST },
  { name: "Trailer, then Rst", frames: [trailer, rst], header: NONE, trailer: TRAILER },
  {
    name: "a second Header",
    frames: [header, header],
    header: HEADER,
    trailer: "[ttstream error, code=12002] [client-side stream] stream[1] already set header",
  },
  { name: "the connection's loss first of all", end: "close", header: LOST, trailer: LOST },
  {
    name: "Header, then the connection's loss",
    frames: [header],
    end: "close",
    header: HEADER,
    trailer: LOST,
  },
  {
    name: "Trailer, then the connection's loss",
    frames: [header, trailer],
    end: "close",
    header: HEADER,
    trailer: TRAILER,
  },
  { name: "a cancel first of all", end: "cancel", header: CANCEL, trailer: CANCEL },
  { name: "Header, then a cancel", frames: [header], end: "cancel", header: HEADER, trailer: CANCEL },
  {
    name: "Trailer, then a cancel",
    frames: [header, trailer],
    end: "cancel",
    header: HEADER,
    trailer: TRAILER,
  },
];

/** Brings a stream to a row's end. */
async function bring(
  script: ClientScript,
  stream: ClientStream,
  { frames = [], end }: typeof rows[number],
): Promise<void> {
  if (frames.length > 0) {
    // Another stream's Trailer tells that the frames before it have been taken.
    const marker = script.open();
    await script.peer.send(...frames, { type: FrameType.Trailer, streamId: 2 });
    await marker.trailer;
  }
  if (end === "cancel") await stream[Symbol.asyncDispose]();
  if (end === "close") {
    await script.peer.close();
    await rejection(script.connection.closed);
  }
}

const settled = (promise: Promise<Metadata>): Promise<Metadata | string> =>
  promise.catch((error) => (error as Error).message);

for (const row of rows) {
  for (const asked of ["before", "only after"]) {
    Deno.test(`header and trailer, asked for ${asked} the end: ${row.name}`, async () => {
      await using script = new ClientScript();
      const stream = script.open();
      const early = asked === "before" ? [settled(stream.header), settled(stream.trailer)] : [];
      await bring(script, stream, row);
      const late = [settled(stream.header), settled(stream.trailer)];
      assertEquals(await Promise.all(late), [row.header, row.trailer]);
      if (early.length > 0) assertEquals(await Promise.all(early), [row.header, row.trailer]);
      assertStrictEquals(stream.header, stream.header);
      assertStrictEquals(stream.trailer, stream.trailer);
    });
  }
}

Deno.test("header resolves as soon as the Header has come, trailer only with the Trailer", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  let ended = false;
  stream.trailer.finally(() => ended = true);
  await script.peer.send(header);
  assertEquals(await stream.header, HEADER);
  assertEquals(ended, false);
  await script.peer.send(trailer);
  assertEquals(await stream.trailer, TRAILER);
});

Deno.test("empty maps are each stream's own", async () => {
  await using script = new ClientScript();
  const [first, second] = [script.open(), script.open()];
  await script.peer.send({ type: FrameType.Trailer }, { type: FrameType.Trailer, streamId: 2 });
  const [one, two] = await Promise.all([first.header, second.header]);
  assert(one instanceof Map && one !== two);
  one.set("mine", "yes");
  assertEquals([(await first.trailer).size, two.size], [0, 0]);
});

Deno.test("a cancelled stream that has asked for nothing rejects nothing", async () => {
  await using script = new ClientScript();
  const controller = new AbortController();
  const stream = script.open({ signal: controller.signal });
  controller.abort();
  assertEquals(await rejectionText(stream.header), CANCEL);
});

Deno.test("rejections that nobody awaits do not end the process", async () => {
  const program = new URL("unawaited_program.ts", import.meta.url);
  const args = ["run", "--quiet", "--allow-net=127.0.0.1", program.href];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: new URL("../../", import.meta.url) });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  assertEquals(decoder.decode(stdout), "alive\n");
  assertEquals(code, 0);
});
