/**
 * The recorded conversations with Kitex, with the library in the place of each of its programs: the other ends send
 * what Kitex sent, ours sends what the Kitex in its place sent, and reads word for word what that one printed.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  BizStatusError,
  type ClientStream,
  type Connection,
  connectOver,
  type Handler,
  type ServerStream,
} from "../../mod.ts";
import { grpc, GrpcError } from "../../src/grpc/mod.ts";
import type { Bytes } from "../../src/base/buffer.ts";
import { bytes } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";
import { Http2Peer, type PeerFrame } from "./http2_peer.ts";
import {
  bytesOf,
  meaningOf,
  type RecordedEvent,
  recording,
  type Step,
  stepsOf,
  textAt,
} from "./recordings.ts";
import { ServerScript } from "./scripts.ts";

const TARGET = { service: "pbsvc.PbTestService", method: "EchoBidi" };

/** What of a recording makes the client cancel, where it does. */
const CLIENT_ENDS: Record<string, "signal" | "timeout" | "receive time-out"> = {
  cancel_forever: "signal",
  cancel_hang: "signal",
  cancel_recv: "signal",
  chain_cancel_chain_hang: "signal",
  chain_cancel_chain_recv: "signal",
  metah_chain_cancel: "signal",
  deadline_hang: "timeout",
  chain_deadline: "timeout",
  recvtimeout: "receive time-out",
};

const NAMES = [...Deno.readDirSync(new URL("./vectors", import.meta.url))]
  .map(({ name }) => name.replace(".json", "")).sort();

Deno.test("there are recordings, 13 of them", () => {
  assertEquals(NAMES.length, 13);
});

/** Takes the next frame of ours, which must mean what Kitex's meant. */
async function expectStep(peer: Http2Peer, step: PeerFrame): Promise<void> {
  const came = await peer.next();
  assertEquals(came === undefined ? "the end" : meaningOf(came), meaningOf(step));
}

function payloadOf({ bytes: message }: PeerFrame & { type: "DATA" }): Bytes {
  return message.slice(5);
}

function frameOf(steps: readonly Step[], type: PeerFrame["type"], by: Step["by"]): PeerFrame | undefined {
  return steps.find((step) => step.by === by && step.frame.type === type)?.frame;
}

for (const name of NAMES) {
  Deno.test(`client: ${name}: it sends what Kitex's client sent, and reads what that printed`, async () => {
    const { client, frames } = await recording(name);
    const steps = stepsOf(frames);
    const [near, far] = duplexPair();
    const connection = connectOver(near, { protocol: grpc(), ...sourceOf(steps) });
    await using peer = new Http2Peer("server", far);
    const controller = new AbortController();
    const by = CLIENT_ENDS[name];
    const stream = connection.openStream(TARGET, {
      signal: controller.signal,
      ...(by === "timeout" ? { timeoutMs: 300 } : {}),
      ...(by === "receive time-out" ? { recvTimeoutMs: 300 } : {}),
    });
    const reader = stream.readable.getReader();
    let last: Promise<unknown> | undefined;
    for (const { by: who, frame } of steps) {
      if (who === "server") {
        await peer.send(bytesOf(frame));
        if (frame.type === "DATA") assertEquals((await reader.read()).value, payloadOf(frame));
        continue;
      }
      if (frame.type === "DATA" && frame.bytes.length > 0) await stream.send(payloadOf(frame));
      if (frame.type === "DATA" && frame.end) await stream.writable.close();
      if (frame.type === "RST_STREAM" && frame.code !== 0) {
        last = rejection(reader.read());
        if (by === "signal") controller.abort();
      }
      await expectStep(peer, frame);
    }
    const ended = client.findLast(({ ev }) => ev === "Recv");
    assert(ended?.err);
    await checkEnd(ended, await (last ?? settled(reader.read())));
    const late = client.find(({ ev }) => ev === "Send-after");
    // A business error is one for the writer, too, where Kitex's Send has the bare status.
    if (late?.err && ended.err.biz === undefined) {
      assertEquals(await rejectionText(stream.send(bytes("late"))), late.err.text);
    }
    await connection.close();
  });
}

/** The caller's name, where the recorded client had one. */
function sourceOf(steps: readonly Step[]): { serviceName?: string } {
  const request = frameOf(steps, "HEADERS", "client");
  const fields = new Map(request?.type === "HEADERS" ? request.fields : []);
  const serviceName = fields.get("source-service");
  return serviceName === undefined ? {} : { serviceName };
}

async function settled(promise: Promise<{ done: boolean }>): Promise<unknown> {
  try {
    return (await promise).done ? new Error("EOF") : undefined;
  } catch (error) {
    return error;
  }
}

function checkEnd({ err }: RecordedEvent, error: unknown): void {
  assert(err);
  assertEquals(messageOf(error), err.text);
  if (err.biz === undefined) return;
  assertInstanceOf(error, BizStatusError);
  assertEquals([error.statusCode, error.statusMessage, error.extra], [
    err.biz.code,
    err.biz.msg,
    err.biz.extra,
  ]);
}

/** How the recorded handler ended the stream by itself. */
function outcomeOf(events: readonly RecordedEvent[]): unknown {
  const returned = events.findLast(({ ev }) => ev === "handler-return")?.err;
  if (!returned) return undefined;
  const { biz, text } = returned;
  return biz === undefined ? new Error(text) : new BizStatusError(biz.code, biz.msg, biz.extra);
}

for (const name of NAMES.filter((name) => !name.includes("chain"))) {
  Deno.test(`server: ${name}: it sends what Kitex's server sent, and its handler reads what that printed`, async () => {
    const { server, frames } = await recording(name);
    assert(server);
    const steps = stepsOf(frames);
    await using script = new ServerScript();
    const { peer } = script;
    let stream: ServerStream | undefined;
    for (const { by, frame } of steps) {
      if (by === "client") {
        if (frame.type === "RST_STREAM" && frame.code === 0) continue;
        if (frame.type === "RST_STREAM") {
          assert(stream);
          await checkCancel(stream, server, () => peer.send(bytesOf(frame)));
          continue;
        }
        await peer.send(bytesOf(frame));
        if (frame.type === "HEADERS") {
          stream = await script.handled();
          assertEquals([stream.service, stream.method], [TARGET.service, TARGET.method]);
        }
        continue;
      }
      assert(stream);
      if (frame.type === "DATA") await stream.send(payloadOf(frame));
      if (frame.type === "HEADERS" && frame.end) {
        const outcome = outcomeOf(server);
        if (outcome === undefined) script.finish();
        else script.fail(outcome);
      } else if (frame.type === "HEADERS") {
        stream.sendHeader();
      }
      await expectText(peer, frame);
    }
    await peer.close();
  });
}

/** As {@linkcode expectStep}, with the text of the status. */
async function expectText(peer: Http2Peer, step: PeerFrame): Promise<void> {
  const came = await peer.next();
  assert(came);
  assertEquals(meaningOf(came), meaningOf(step));
  if (came.type !== "HEADERS" || step.type !== "HEADERS") return;
  const [ours, theirs] = [new Map(came.fields), new Map(step.fields)];
  assertEquals(ours.get("grpc-message") ?? "", theirs.get("grpc-message") ?? "");
}

async function checkCancel(
  stream: ServerStream,
  events: readonly RecordedEvent[],
  send: () => Promise<void>,
): Promise<void> {
  const reading = rejectionText(Array.fromAsync(stream.readable));
  await send();
  assertEquals(messageOf(await aborted(stream.signal)), textAt(events, "ctx.Err"));
  assertEquals(await reading, textAt(events, "Recv"));
  assertEquals(await rejectionText(stream.writable.getWriter().write(bytes("late"))), textAt(events, "Send"));
}

for (const name of NAMES.filter((name) => name.includes("chain_cancel") || name === "chain_deadline")) {
  Deno.test(`in the middle: ${name}: B hands the cancel on, and both of its streams read what Kitex's did`, async () => {
    const { serverB, serverC, frames, framesBC } = await recording(name);
    const [upstream, downstream] = [stepsOf(frames), stepsOf(framesBC)];
    await using below = new Below(downstream);
    const streams = Promise.withResolvers<{ stream: ServerStream; next: ClientStream }>();
    const handler: Handler = async (stream) => {
      const next = below.connection.openStream(TARGET, { parent: stream });
      streams.resolve({ stream, next });
      await aborted(stream.signal);
    };
    await using script = new ServerScript(handler);
    for (const { frame } of upstream) {
      // The deadline is B's own clock's: Kitex's cancel came as late.
      if (frame.type === "RST_STREAM" && name === "chain_deadline") continue;
      if (frame.type === "RST_STREAM") await below.opened();
      await script.peer.send(bytesOf(frame));
    }
    const { stream, next } = await streams.promise;
    const read = await rejectionText(next.readable.getReader().read());
    assertEquals(read, textAt(serverB, "downstream-Recv"));
    const write = await rejectionText(next.writable.getWriter().write(bytes("late")));
    assertEquals(write, textAt(serverB, "downstream-Send"));
    const reason = messageOf(await aborted(stream.signal));
    if (name === "chain_deadline") {
      // Go's bare context error, which here is an error of the stream with the same text.
      assertEquals(reason, `rpc error: code = 4 desc = ${textAt(serverB, "ctx.Err")}`);
    } else {
      assertEquals(reason, textAt(serverB, "ctx.Err"));
      assertEquals(
        await rejectionText(stream.writable.getWriter().write(bytes("x"))),
        textAt(serverB, "upstream-Send"),
      );
    }
    await below.opened();
    assertEquals(await below.peer.line(), "RST_STREAM 1 CANCEL");
    assert(serverC);
  });
}

/** The connection from B to a C that is the test. */
class Below implements AsyncDisposable {
  readonly connection: Connection;
  readonly peer: Http2Peer;
  #opened: Promise<void> | undefined;
  readonly #request: PeerFrame | undefined;

  constructor(steps: readonly Step[]) {
    const [near, far] = duplexPair();
    this.#request = frameOf(steps, "HEADERS", "client");
    this.connection = connectOver(near, { protocol: grpc(), ...sourceOf(steps) });
    this.peer = new Http2Peer("server", far);
  }

  /** Resolves when B's stream has come, which must be as Kitex's was. */
  opened(): Promise<void> {
    return this.#opened ??= this.#expect();
  }

  async #expect(): Promise<void> {
    const came = await this.peer.next();
    assert(came && this.#request);
    assertEquals(meaningOf(came), meaningOf(this.#request));
    if (came.type !== "HEADERS" || this.#request.type !== "HEADERS") return;
    const [ours, theirs] = [new Map(came.fields), new Map(this.#request.fields)];
    assertEquals(ours.has("grpc-timeout"), theirs.has("grpc-timeout"));
    assertEquals(ours.get("source-service"), theirs.get("source-service"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.abort();
    await this.peer.close();
    await this.connection.closed.catch(() => {});
  }
}

for (const name of NAMES.filter((name) => name.includes("chain_cancel"))) {
  Deno.test(`the last: ${name}: C's handler reads the cancel as Kitex's did`, async () => {
    const { serverC, framesBC } = await recording(name);
    assert(serverC);
    await using script = new ServerScript();
    let stream: ServerStream | undefined;
    for (const { by, frame } of stepsOf(framesBC)) {
      if (by === "server") continue;
      if (frame.type === "RST_STREAM") {
        assert(stream);
        await checkCancel(stream, serverC, () => script.peer.send(bytesOf(frame)));
      } else await script.peer.send(bytesOf(frame));
      if (frame.type === "HEADERS") stream = await script.handled();
    }
  });
}

Deno.test("in the middle: chain_chain_exit: C's process dies, and A reads B's failure", async () => {
  const { serverB, client, framesBC } = await recording("chain_chain_exit");
  const below = new Below(stepsOf(framesBC));
  const failed = Promise.withResolvers<unknown>();
  await using script = new ServerScript(async (stream) => {
    const next = below.connection.openStream(TARGET, { parent: stream });
    const error = await rejection(next.readable.getReader().read());
    failed.resolve(error);
    throw error;
  });
  await script.call(1);
  await below.opened();
  await below.peer.close();
  const error = await failed.promise;
  assertInstanceOf(error, GrpcError);
  assertEquals(error.code, 14);
  const kitex = textAt(serverB, "downstream-Recv").replace("remoteAddress=ADDR, ", "");
  assertEquals(error.description, kitex);
  // Here it is a status error of gRPC's, which goes on as it is.
  assertEquals(textAt(client, "Recv").includes("error reading from server"), true);
  const trailers = await script.peer.headers();
  assertEquals([trailers.get("grpc-status"), trailers.get("grpc-message")], ["14", kitex]);
  await below[Symbol.asyncDispose]();
});
