import { assert, assertEquals } from "@std/assert";
import { connectOver, type Handler, serveOver } from "../../mod.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejectionText } from "../support/rejection.ts";

const KEPT = 64 * 1024;
/** Larger than a frame may be. */
const endless = "x".repeat(20 * 1024 * 1024);

Deno.test("a handler that fails with a text longer than a frame harms its own stream alone, and the text is cut", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const handler: Handler = async ({ method, signal }) => {
    if (method === "Fail") throw new Error(endless);
    await aborted(signal);
  };
  const serving = serveOver(serverEnd, handler, { onError() {} });
  const connection = connectOver(clientEnd);
  const neighbour = connection.openStream({ service: "Any", method: "Wait" });
  const failed = connection.openStream({ service: "Any", method: "Fail" });
  const text = await rejectionText(failed.readable.getReader().read());
  assert(text.startsWith("[ttstream error, code=12001] [client-side stream] biz error: xxx"));
  assert(text.endsWith("xxx…"));
  assert(text.length < KEPT + 100);
  await neighbour.readable.cancel();
  await connection.close();
  await serving.finished;
});

Deno.test("a reason longer than a frame ends its own stream alone, and is cut", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const reasons: string[] = [];
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let streams = 0;
  const serving = serveOver(serverEnd, async ({ signal }) => {
    begun[streams++]?.resolve();
    reasons.push(messageOf(await aborted(signal)));
  });
  const connection = connectOver(clientEnd);
  const neighbour = connection.openStream({ service: "Any", method: "Wait" });
  const stream = connection.openStream({ service: "Any", method: "Wait" });
  await Promise.all(begun.map(({ promise }) => promise));
  await stream.readable.cancel(endless);
  await neighbour.readable.cancel("enough");
  await connection.close();
  await serving.finished;
  const [short, long] = reasons.sort();
  assert(long?.startsWith("[ttstream error, code=12008] [server-side stream] xxx") && long.endsWith("xxx…"));
  assertEquals(short, "[ttstream error, code=12008] [server-side stream] enough");
});

Deno.test("a text of 65,536 characters travels whole", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const whole = "文".repeat(KEPT);
  const serving = serveOver(serverEnd, () => Promise.reject(new Error(whole.slice(11))), { onError() {} });
  const connection = connectOver(clientEnd);
  const stream = connection.openStream({ service: "Any", method: "Fail" });
  const text = await rejectionText(stream.readable.getReader().read());
  assert(text.endsWith(`biz error: ${whole.slice(11)}`));
  await connection.close();
  await serving.finished;
});
