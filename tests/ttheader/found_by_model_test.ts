// What the model of tests/model/ has found, each reduced to a few frames.
import { assertEquals } from "@std/assert";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes } from "../support/codecs.ts";
import { rejectionText } from "../support/rejection.ts";
import { ClientScript, ServerScript } from "../support/script.ts";
import { turns } from "../support/turns.ts";

for (const asked of ["before", "after"] as const) {
  Deno.test(`a stream that has ended well stays so where it is cancelled afterwards, closed asked ${asked} that`, async () => {
    await using script = new ClientScript();
    const stream = script.open();
    const early = asked === "before" ? stream.closed : undefined;
    await script.peer.send({ type: FrameType.Data, payload: bytes("unread") }, { type: FrameType.Trailer });
    await stream.trailer;
    await stream.cancel("what is left");
    assertEquals(await Promise.all([early, stream.closed]), [undefined, undefined]);
    assertEquals(
      await rejectionText(stream.readable.getReader().read()),
      "[ttstream error, code=12008] [client-side stream] what is left",
    );
    // Its writes say that it is closed: nobody has cancelled them.
    assertEquals(
      await rejectionText(stream.send(bytes("late"))),
      "[ttstream error, code=12005] [client-side stream] stream is closed send",
    );
  });
}

Deno.test("a handler's sendAll() rejects with its source's own error, not with the end that follows from it", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const source = async function* () {
    yield bytes("one");
    await Promise.resolve();
    throw new RangeError("no more");
  };
  assertEquals(await rejectionText(stream.sendAll(source())), "no more");
  assertEquals(script.errors.map(String), ["RangeError: no more"]);
});

Deno.test("who has left a loop over readable is told nothing more, neither the error that had come before", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const iterator = stream.readable[Symbol.asyncIterator]();
  await script.peer.send({ type: FrameType.Data, payload: bytes("one") });
  assertEquals((await iterator.next()).value, bytes("one"));
  await script.peer.send({ type: FrameType.Rst });
  await turns(2);
  // As the platform's: the stream had failed before.
  const ended = "[ttstream error, code=13] [server-side stream] rst";
  assertEquals(await rejectionText(iterator.return?.() ?? Promise.resolve()), ended);
  assertEquals(await iterator.next(), { done: true, value: undefined });
});
