/** Answers that nobody reads are not kept without bound, and whoever takes none of them is cut. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes";
import { FrameType } from "../../src/ttheader/frame.ts";
import { connect } from "../../mod.ts";
import { run } from "../support/child.ts";
import { serveLocally } from "../support/loopback.ts";
import { rejectionText } from "../support/rejection.ts";
import { ServerScript } from "../support/script.ts";
import { settled } from "../support/settle.ts";
import { encodeFrames, WirePeer } from "../support/wire_peer.ts";

const hostname = "127.0.0.1";
/** Without a bound it is a hundred. */
const MAX_MIB = 16;
const COUNT = 600_000;

for (const what of ["unknown methods", "too many streams", "second Headers", "handlers that return"]) {
  Deno.test(`server: ${COUNT} answers that nobody reads (${what}) are not kept: their peer is cut, and no other`, async () => {
    const { stdout, stderr } = await run("stay_up/flood_program.ts", [what, `${COUNT}`, "500"], [
      "--v8-flags=--expose-gc",
    ]);
    assertEquals(stderr, "");
    const { sent, cut, mib, errors } = JSON.parse(stdout);
    assert(mib < MAX_MIB, `${mib} MiB`);
    assert(cut && sent < COUNT, `${sent} frames`);
    assertEquals(errors.length, 1);
    assertMatch(errors[0], /the peer has taken nothing for 500 ms, and \d+ bytes of answers wait$/);
  });
}

/** More than come in one read, so that none begins before its namesake has ended. */
const IDS = 10_000;

/** A client that writes Headers until nothing more is taken. */
async function flood(
  conn: Deno.Conn,
  frames: number,
): Promise<{ written: () => number; over: Promise<void> }> {
  const bytes = encodeFrames(
    ...Array.from({ length: IDS }, (_, i) => ({ type: FrameType.Header, streamId: i + 1, method: "None" })),
  );
  let written = 0;
  const over = (async () => {
    while (written < frames) {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      written += IDS;
    }
  })();
  over.catch(() => {});
  await settled(() => written);
  return { written: () => written, over };
}

/** One Trailer for each Header, all taken. */
async function takeAll(conn: Deno.Conn, frames: number): Promise<void> {
  const peer = new WirePeer(conn);
  let trailers = 0;
  while (trailers < frames) {
    const frame = await peer.next();
    assert(frame !== undefined, `cut after ${trailers} answers`);
    if (frame.type === FrameType.Trailer) trailers++;
  }
  await peer.close();
}

Deno.test("server: it reads on when the peer reads its answers again, and all are there", async () => {
  await using server = serveLocally(() => {}, { frameTimeoutMs: 60_000 });
  const conn = await Deno.connect({ hostname, port: server.addr.port });
  const { written, over } = await flood(conn, 200_000);
  assert(written() < 200_000, "nothing held it back");
  await takeAll(conn, 200_000);
  await over;
});

Deno.test("server: a peer that takes its answers slowly is not cut for a frame that nobody has read to its end", async () => {
  const frameTimeoutMs = 1500;
  const soon = () => new Promise((resolve) => setTimeout(resolve, frameTimeoutMs * 0.6));
  await using script = new ServerScript(() => {}, { frameTimeoutMs });
  const header = (streamId: number) => ({ type: FrameType.Header, streamId, metadata: { isn: "Test" } });
  const many = encodeFrames(...Array.from({ length: 2 * IDS }, (_, i) => header(i + 2)));
  const last = encodeFrames(header(3 * IDS));
  // The first answer is on its way; over a MiB waits behind it, and behind that is half a frame.
  await script.peer.send(header(1));
  await script.peer.sendBytes(concat([many, last.subarray(0, 20)]));
  const rest = script.peer.sendBytes(last.subarray(20));
  rest.catch(() => {}); // awaited below
  await soon();
  await script.peer.expect(FrameType.Header);
  await soon();
  for (let trailers = 0; trailers < 2 * IDS + 2;) {
    const frame = await script.peer.next();
    assert(frame !== undefined, `cut after ${trailers} answers`);
    if (frame.type === FrameType.Trailer) trailers++;
  }
  await rest;
});

Deno.test("client: Headers and Rsts that a server does not read are not kept: the connection ends after frameTimeoutMs", async () => {
  using listener = Deno.listen({ hostname, port: 0 });
  const [connection, conn] = await Promise.all([
    connect({ hostname, port: listener.addr.port, frameTimeoutMs: 200 }),
    listener.accept(),
  ]);
  const closed = rejectionText(connection.closed);
  let over = false;
  closed.then(() => over = true);
  while (!over) {
    const streams = Array.from(
      { length: 500 },
      () => connection.openStream({ service: "Test", method: "Echo" }),
    );
    for (const stream of streams) stream.cancel();
    await new Promise((resolve) => setTimeout(resolve));
  }
  assertMatch(
    await closed,
    /^\[ttstream error, code=12006\] the peer has taken nothing for 200 ms, and \d+ bytes of answers wait$/,
  );
  conn.close();
});
