import type { Bytes } from "../../../mod.ts";
import { PREFACE } from "../../../src/http2/frame.ts";
import { grpcOneWay } from "../../support/grpc_vectors.ts";
import { conversation, oneWay } from "../../support/vectors.ts";
import { toHex } from "../../support/hex.ts";
import { FrameType } from "../../../src/ttheader/frame.ts";
import { Listener } from "../harness/listener.ts";
import { leftovers, wait } from "../harness/measure.ts";
import { range, Raw, sendAndReset } from "../harness/raw.ts";
import type { Lab, Line, Row } from "../harness/row.ts";
import { join } from "../malformed/bytes.ts";
import type { Ended } from "../programs/settle.ts";

type Way = "FIN" | "RST" | "silence";
const WAYS: readonly Way[] = ["FIN", "RST", "silence"];
const AT_ONCE = 32;
const FRAME_TIMEOUT_MS = 300;
const CALL_TIMEOUT_MS = 300;
const PATIENCE_MS = 5_000;

/** What one end said, and how the other is made to listen. */
interface Recording {
  readonly scenario: string;
  /** In frames, and what is whole by itself. */
  readonly frames: readonly Bytes[];
}

/** What the client under test sends meanwhile. */
interface Call {
  readonly service: string;
  readonly method: string;
  /** Their bytes in hexadecimal digits. */
  readonly payloads: readonly string[];
}

/** Recorded conversations with Kitex of which one end says no more than so many bytes. */
export const cutConversations: Row = {
  name: "cut conversations",
  async *run(lab) {
    const said = (scenario: string, dir: "c2s" | "s2c") => oneWay(conversation(scenario), dir);
    for (const scenario of ["bidi_3", "cancel_recv"].slice(0, lab.size(2, 1))) {
      const frames = said(scenario, "c2s").map(({ bytes }) => bytes);
      for (const way of WAYS) yield await serverGets(lab, { scenario, frames }, way);
    }
    for (const scenario of ["bidi_3", "handler_error"].slice(0, lab.size(2, 1))) {
      const answers = said(scenario, "s2c");
      const payloads = said(scenario, "c2s").flatMap(({ fields }) =>
        fields?.type === FrameType.Data ? [toHex(fields.payload)] : []
      );
      const call = { service: "Interop", method: answers[0]?.fields?.method ?? "bidi", payloads };
      const frames = answers.map(({ bytes }) => bytes);
      for (const way of WAYS) yield await clientGets(lab, { scenario, frames }, call, way);
    }
  },
};

/** The same of Kitex's gRPC. */
export const grpcCutConversations: Row = {
  name: "gRPC cut conversations",
  protocol: "grpc",
  async *run(lab) {
    for (const scenario of ["bidi", "cancel_recv", "biz"].slice(0, lab.size(3, 1))) {
      const frames = [PREFACE, ...grpcOneWay(scenario, "c2s")];
      for (const way of WAYS) yield await serverGets(lab, { scenario, frames }, way);
    }
    const call = { service: "pbsvc.PbTestService", method: "EchoBidi", payloads: ["0a0161", "0a0162"] };
    for (const scenario of ["bidi", "err", "biz"].slice(0, lab.size(3, 1))) {
      const frames = grpcOneWay(scenario, "s2c");
      for (const way of WAYS) yield await clientGets(lab, { scenario, frames }, call, way);
    }
  },
};

async function serverGets(lab: Lab, { scenario, frames }: Recording, way: Way): Promise<Line> {
  const all = join(...frames);
  const ends = new Set([0, ...frames.map((_, i) => join(...frames.slice(0, i + 1)).length)]);
  const { child, port } = await lab.server({ frameTimeoutMs: FRAME_TIMEOUT_MS });
  const before = await child.stats();
  const wrong: string[] = [];
  const sizes = range(0, all.length + 1);
  const work = async () => {
    for (let size = sizes.pop(); size !== undefined; size = sizes.pop()) {
      const bytes = all.subarray(0, size);
      if (way === "RST") await sendAndReset(port, bytes);
      else if (!await endsAsItShould(port, bytes, way, ends.has(size))) {
        wrong.push(`after ${size} bytes and ${way} the connection did not end as it should`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return {
    name: `\`${scenario}\`, cut at every byte, to a server: ${way}`,
    done: `the first 0 to ${all.length} bytes of what a Kitex client sent, then ${way}`,
    promise: way === "silence"
      ? "half a frame is cut after `frameTimeoutMs`, a whole one is waited behind; nothing is left"
      : "every handler and connection ends; nothing is left",
    figure: `${all.length + 1} connections, ${wrong.length} not as expected`,
    faults: [...wrong, ...await leftovers(child, before)],
  };
}

/** Sends the bytes, says FIN or nothing, and watches how the server ends it. */
async function endsAsItShould(port: number, bytes: Uint8Array, way: Way, whole: boolean): Promise<boolean> {
  using raw = await Raw.open(port);
  await raw.send(bytes);
  if (way === "FIN") {
    await raw.conn.closeWrite().catch(() => {
      // The server has hung up already.
    });
  }
  let ended = false;
  const reading = raw.drain().then(() => ended = true);
  const stays = way === "silence" && whole;
  await Promise.race([reading, wait(stays ? 2 * FRAME_TIMEOUT_MS : PATIENCE_MS)]);
  const well = ended !== stays;
  raw.close();
  await reading;
  return well;
}

async function clientGets(
  lab: Lab,
  { scenario, frames }: Recording,
  { service, method, payloads }: Call,
  way: Way,
): Promise<Line> {
  const all = join(...frames);
  const client = await lab.client();
  await using server = await prefixServer(all, way);
  const before = await client.stats();
  const ended = await client.ask<Ended>("converse", {
    port: server.port,
    service,
    method,
    messages: payloads.join(","),
    times: all.length + 1,
    atOnce: AT_ONCE,
    timeoutMs: CALL_TIMEOUT_MS,
    patienceMs: PATIENCE_MS,
  });
  const ways = Object.entries(ended.ways).map(([code, count]) => `${count} × ${code}`).join(", ");
  return {
    name: `\`${scenario}\`, cut at every byte, to a client: ${way}`,
    done:
      `the first 0 to ${all.length} bytes of what a Kitex server sent, then ${way}; the call has \`timeoutMs\` ${CALL_TIMEOUT_MS}`,
    promise: "readable, writable, header, trailer and the connection's closed all settle; nothing is left",
    figure: `${ended.settled} of ${all.length + 1} settled; readable ended well, but for ${ways || "none"}`,
    faults: [
      ...Object.entries(ended.unsettled).map(([name, count]) => `${name} did not settle in ${count} of them`),
      ...await leftovers(client, before),
    ],
  };
}

/** Answers each connection with one byte more than the last one, and ends it. */
function prefixServer(all: Uint8Array, way: Way): Promise<Listener> {
  let size = 0;
  return Listener.listen((socket) => {
    const bytes = all.subarray(0, size++);
    // The client's stream is there once its first bytes are.
    socket.once("data", () => {
      if (way === "FIN") socket.end(bytes);
      else socket.write(bytes, () => way === "RST" && socket.resetAndDestroy());
    });
  });
}
