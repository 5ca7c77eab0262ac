/** Requests of server streaming calls wait for the connection as messages do, in their order. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { connectOver, createClient } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { Test } from "../support/calls.ts";
import { string } from "../support/codecs.ts";
import { Gate } from "../support/gate.ts";
import { rejectionText } from "../support/rejection.ts";

const MIB = 1024 * 1024;

Deno.test("200 server streaming calls with requests of 1 MiB to a peer that reads nothing keep no payloads", async () => {
  const program = new URL("../programs/many_requests.ts", import.meta.url).pathname;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", program],
    stderr: "inherit",
  }).output();
  assert(success);
  // 217 MB without back-pressure; the outbox's buffer and one message are what is there with it.
  assertLess(Number(string(stdout)), 30 * MIB);
});

Deno.test("requests that have waited leave whole, in the order of the calls, each before its half close", async () => {
  const gate = new Gate();
  const connection = connectOver(gate.duplex);
  const client = createClient(Test.list, connection);
  const COUNT = 20;
  const requests = Array.from({ length: COUNT }, (_, i) => String.fromCharCode(97 + i).repeat(MIB / 4));
  const calls = requests.map((request) => client.echo(request));
  gate.open();
  const frames = await gate.framesTo(({ streamId, type }) =>
    streamId === COUNT && type === FrameType.Trailer
  );
  const data = frames.filter(({ type }) => type === FrameType.Data);
  assertEquals(data.map(({ streamId }) => streamId), calls.map((_, i) => i + 1));
  for (const [i, { payload }] of data.entries()) assert(string(payload) === requests[i], `request ${i}`);
  for (const { streamId } of data) {
    const types = frames.filter((frame) => frame.streamId === streamId).map(({ type }) => type);
    assertEquals(types, [FrameType.Header, FrameType.Data, FrameType.Trailer]);
  }
  connection.abort();
  gate.hangUp();
  await connection.closed.catch(() => {});
});

Deno.test("a request that waits when its call is cancelled never leaves", async () => {
  const gate = new Gate();
  const connection = connectOver(gate.duplex);
  const client = createClient(Test.list, connection);
  const calls = ["a", "b", "c"].map((letter) => client.echo(letter.repeat(MIB)));
  const [, , last] = calls;
  assert(last !== undefined);
  void last.cancel("enough");
  await rejectionText(last.closed);
  gate.open();
  const frames = await gate.framesTo(({ streamId, type }) => streamId === 2 && type === FrameType.Trailer);
  const types = frames.filter(({ streamId }) => streamId === 3).map(({ type }) => type);
  assertEquals(types, [FrameType.Header, FrameType.Rst, FrameType.Trailer]);
  connection.abort();
  gate.hangUp();
  await connection.closed.catch(() => {});
});
