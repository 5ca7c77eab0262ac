// A client that opens and cancels streams as fast as it can is cut; one that has answers in between is not.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { serveOver } from "../../mod.ts";
import { ResetBudget } from "../../src/rpc/server/reset_budget.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { rejectionText } from "../support/rejection.ts";
import { nameOf, WirePeer } from "../support/wire_peer.ts";

/** With `maxStreams` of 1: ten times as many. */
const BUDGET = 10;

Deno.test("a client that goes on cancelling streams beyond ten times maxStreams is cut with the reason", async () => {
  const [near, far] = duplexPair();
  const { finished } = serveOver(far, ({ signal }) => aborted(signal).then(() => {}), { maxStreams: 1 });
  await using peer = new WirePeer(near);
  const ended = rejectionText(finished);
  // A few are forgiven for the time that it takes: far more than there are end it for certain.
  const flood = async () => {
    for (let streamId = 1; streamId <= 1000; streamId++) {
      await peer.send({ type: FrameType.Header, streamId }, { type: FrameType.Rst, streamId });
    }
    return "all was taken";
  };
  const outcome = flood().catch(() => "cut");
  assertEquals(await peer.next(), undefined);
  assertEquals(await outcome, "cut");
  assertStringIncludes(
    await ended,
    `too many cancelled streams: ${BUDGET} more than have ended well`,
  );
});

Deno.test("second Headers count as cancels: a client that ends stream after stream by them is cut as well", async () => {
  const [near, far] = duplexPair();
  const { finished } = serveOver(far, ({ signal }) => aborted(signal).then(() => {}), { maxStreams: 1 });
  await using peer = new WirePeer(near);
  const ended = rejectionText(finished);
  const flood = async () => {
    for (let streamId = 1; streamId <= 1000; streamId++) {
      await peer.send({ type: FrameType.Header, streamId }, { type: FrameType.Header, streamId });
    }
    return "all was taken";
  };
  const outcome = flood().catch(() => "cut");
  while (await peer.next() !== undefined) {
    // The answers to the streams before.
  }
  assertEquals(await outcome, "cut");
  assertStringIncludes(await ended, `too many cancelled streams: ${BUDGET} more than have ended well`);
});

Deno.test("a client whose streams end well in between cancels as many as it likes", async () => {
  const [near, far] = duplexPair();
  const { finished } = serveOver(
    far,
    ({ method, signal }) => method === "Wait" ? aborted(signal).then(() => {}) : undefined,
    { maxStreams: 1 },
  );
  const peer = new WirePeer(near);
  for (let streamId = 1; streamId <= 6 * BUDGET; streamId += 2) {
    await peer.send({ type: FrameType.Header, streamId, method: "Wait" }, { type: FrameType.Rst, streamId });
    await peer.send({ type: FrameType.Header, streamId: streamId + 1, method: "Return" });
    assertEquals(nameOf((await peer.expect(FrameType.Header)).type), "Header");
    await peer.expect(FrameType.Trailer);
  }
  await peer.close();
  await finished;
});

Deno.test("ResetBudget gives back one for each good end, and never more than it had", () => {
  const budget = new ResetBudget(3);
  budget.refund();
  assertEquals([1, 2, 3].map(() => budget.spend()), [false, false, false]);
  budget.refund();
  assertEquals(budget.spend(), false);
  assertEquals(budget.spend(), true);
});
