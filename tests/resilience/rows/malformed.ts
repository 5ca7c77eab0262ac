import { buildGoPeer, buildKitexEcho, kitexVersion } from "../../interop/harness/build.ts";
import { startPeer } from "../../interop/harness/peer.ts";
import { buildGrpcGoEcho, grpcGoVersion, startServer } from "../../interop/grpc/programs.ts";
import { growthDuring, leftovers, MIB, mib, wait } from "../harness/measure.ts";
import { forEachId, header, range, Raw } from "../harness/raw.ts";
import type { Lab, Line, Row } from "../harness/row.ts";
import { frame } from "../malformed/bytes.ts";
import { malformedGrpc } from "../malformed/grpc/mod.ts";
import { probeGrpc } from "../malformed/grpc/probe.ts";
import { malformed } from "../malformed/mod.ts";
import { type Address, probe } from "../malformed/probe.ts";
import { runSuite, type Suite } from "../malformed/suite.ts";

const kitex = `Kitex ${await kitexVersion()}`;
const longerThanASecond =
  "*Kept for ever* is longer than a second, and so is *stuck*: the other streams of the connection are not served.";

export const ttheaderInputs: Suite = {
  heading: "Malformed input",
  legend:
    `What came back for the streams concerned: \`Trailer 6\` is one with an exception of type 6, *closed* is the connection.
${longerThanASecond}`,
  inputs: "inputs (the list is below)",
  cases: malformed,
  send: probe,
  service: "Interop",
  // What the largest of the inputs takes while it is read, and its echo while it is sent.
  maxGrowthBytes: 64 * MIB,
  others: [{
    name: kitex,
    async start(log) {
      const peer = await startPeer("Kitex", await buildGoPeer(log));
      return { address: addressOf(peer.address), stop: () => peer.close() };
    },
  }],
};

export const grpcInputs: Suite = {
  heading: "Malformed gRPC",
  legend:
    `What came back for the stream concerned: \`status 13\` is its \`grpc-status\`, \`RST\` a reset with its code, \`HTTP 415\` an
answer to a request that is none of gRPC's, *ignored* nothing within a second.
${longerThanASecond}
The others echo every message as it came, as the server here does; neither of them answers a request whose HEADERS end
the stream.`,
  inputs: "inputs of HTTP/2, HPACK and gRPC (the list is below)",
  cases: malformedGrpc,
  send: probeGrpc,
  service: "Test",
  maxGrowthBytes: 32 * MIB,
  others: [
    { name: kitex, start: async (log) => await echoServer(await buildKitexEcho(log)) },
    {
      name: `grpc-go ${await grpcGoVersion()}`,
      start: async (log) => await echoServer(await buildGrpcGoEcho(log)),
    },
  ],
};

async function echoServer(command: string) {
  const server = await startServer({ command, args: [] });
  return { address: server, stop: () => server.stop("SIGKILL") };
}

export const malformedRow: Row = {
  name: "malformed",
  async *run(lab) {
    yield await runSuite(lab, ttheaderInputs);
    yield await announced(lab);
  },
};

export const grpcMalformed: Row = {
  name: "gRPC malformed",
  protocol: "grpc",
  async *run(lab) {
    yield await runSuite(lab, grpcInputs);
  },
};

/** Frames that have been announced as the largest there may be, and have only begun. */
const ANNOUNCED = 200;
const MAX_ANNOUNCED_BYTES = 8 * MIB;

async function announced(lab: Lab): Promise<Line> {
  const { child, port } = await lab.server({ frameTimeoutMs: 10_000 });
  const before = await child.stats();
  const raws: Raw[] = [];
  for (const _ of range(0, ANNOUNCED)) {
    const raw = await Raw.open(port);
    raws.push(raw);
    await raw.send(forEachId([1], header(1)));
  }
  while ((await child.stats()).counts.handlers !== ANNOUNCED) await wait(20);
  const begun = frame({ length: 16 * MIB });
  const growth = await growthDuring(child, async () => {
    for (const raw of raws) await raw.send(begun);
    await wait(200);
  });
  for (const raw of raws) raw.close();
  const kept = await leftovers(child, before);
  return {
    name: "frames announced",
    done:
      `${ANNOUNCED} connections that have a stream open each announce a frame of 16 MiB, and send 40 bytes of it`,
    promise: `nothing is allocated for what has not come: less than ${mib(MAX_ANNOUNCED_BYTES)}`,
    figure: `grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)})`,
    faults: growth.liveBytes < MAX_ANNOUNCED_BYTES ? kept : [...kept, "it allocates what is announced"],
  };
}

export function addressOf(text: string): Address {
  const at = text.lastIndexOf(":");
  const port = Number(text.slice(at + 1));
  if (at <= 0 || !Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new RangeError(`expected HOST:PORT, got ${text}`);
  }
  return { hostname: text.slice(0, at), port };
}
