/** A controller where its signal belongs: the compiler sees it, plain JavaScript does not. */
import { assertRejects, assertThrows } from "@std/assert";
import { connect, connectOver, serve, serveOver } from "../../mod.ts";
import { duplexPair } from "../support/pair.ts";

const target = { service: "Chat", method: "Ask" };
const controller = new AbortController();

for (
  const [option, message] of [
    [{ signal: controller }, "signal must be an AbortSignal, got [object AbortController]"],
    [
      { parent: { signal: controller } },
      "parent.signal must be an AbortSignal, got [object AbortController]",
    ],
    [{ parent: {} }, "parent.signal must be an AbortSignal, got undefined"],
  ] as const
) {
  Deno.test(`a call with ${Object.keys(option)} that is none throws "${message}" and opens no stream`, async () => {
    const [ours, theirs] = duplexPair();
    const server = serveOver(theirs, () => {
      throw new Error("a stream was opened");
    });
    const connection = connectOver(ours);
    assertThrows(
      () => Reflect.apply(connection.openStream, connection, [target, option]),
      TypeError,
      message,
    );
    await connection.close(); // waits for the open streams: there must be none
    await server.finished;
  });
}

Deno.test("connect, serve and serveOver with a signal that is none name it", async () => {
  const message = "signal must be an AbortSignal, got [object AbortController]";
  await assertRejects(
    () => Reflect.apply(connect, undefined, [{ port: 1, signal: controller }]),
    TypeError,
    message,
  );
  const options = { port: 0, hostname: "127.0.0.1", signal: controller };
  assertThrows(() => Reflect.apply(serve, undefined, [options, () => {}]), TypeError, message);
  const [end] = duplexPair();
  assertThrows(() => Reflect.apply(serveOver, undefined, [end, () => {}, options]), TypeError, message);
});
