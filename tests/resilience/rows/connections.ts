import type { Bytes } from "../../../mod.ts";
import { FrameType as Http2FrameType } from "../../../src/http2/frame.ts";
import { FrameType } from "../../../src/ttheader/frame.ts";
import { encodeFrames } from "../../support/wire_peer.ts";
import { dataFrame, Http2Raw, message, request } from "../harness/http2_raw.ts";
import { growthDuring, leftovers, mib, ms, percentile, seconds, wait } from "../harness/measure.ts";
import { header, Raw, sendAndReset } from "../harness/raw.ts";
import type { Lab, Line, Row } from "../harness/row.ts";
import { join } from "../../http2/wire.ts";

/** So many are connecting at a time: a listener's queue is finite. */
const AT_ONCE = 64;
/** Each address has some 28,000 ports. */
const PER_ADDRESS = 20_000;
const MAX_CONNECTION_KIB = 64;

/** A client's connection without a library behind it. */
interface Client {
  send(bytes: Bytes): Promise<boolean>;
  /** Resolves when a message has come back, or the server has hung up. @returns Whether it was a message. */
  answered(): Promise<boolean>;
  /** Resolves when the server has hung up. */
  read(): Promise<void>;
  close(): void;
}

/** What clients of a protocol say. */
interface Clients {
  connect(port: number, hostname: string): Promise<Client>;
  /** Opens a stream, and sends a message on it. */
  readonly hello: Bytes;
  /** The beginning of a conversation of which the `i`th connection sends a part that is no whole frame. */
  half(i: number): Bytes;
  /** What such a part is. */
  readonly halves: string;
}

const opening = encodeFrames(header(1));

const ttheader: Clients = {
  hello: encodeFrames(header(1), { type: FrameType.Data, payload: new Uint8Array(16) }),
  half: (i) => opening.subarray(0, 1 + i % (opening.length - 1)),
  halves: "the beginning of a frame, of every length",
  async connect(port, hostname) {
    const raw = await Raw.open(port, hostname);
    return {
      send: (bytes) => raw.send(bytes),
      async answered() {
        let came = false;
        await raw.read(({ type }) => came = type === FrameType.Data);
        return came;
      },
      read: () => raw.read(),
      close: () => raw.close(),
    };
  },
};

const whole = request(1);
/** A header block that waits for its CONTINUATION is half a frame too. */
const unfinished = whole.slice();
unfinished[4] = 0;

const grpc: Clients = {
  hello: join(whole, dataFrame(1, message(new Uint8Array(16)))),
  half: (i) => i % 4 === 0 ? unfinished : whole.subarray(0, 1 + i % (whole.length - 1)),
  halves: "the beginning of HEADERS, or HEADERS without END_HEADERS",
  async connect(port, hostname) {
    const raw = await Http2Raw.open(port, [], hostname);
    return {
      send: (bytes) => raw.send(bytes),
      async answered() {
        let came = false;
        await raw.read(({ type }) => came = type === Http2FrameType.DATA);
        return came;
      },
      read: () => raw.read(),
      close: () => raw.close(),
    };
  },
};

async function connectAll(
  { connect }: Clients,
  port: number,
  count: number,
  progress: (done: number) => void = () => {},
): Promise<Client[]> {
  const clients: Client[] = [];
  let next = 0;
  const work = async () => {
    while (next < count) {
      const at = next++;
      clients.push(await connect(port, `127.0.0.${1 + Math.floor(at / PER_ADDRESS)}`));
      if (clients.length % 500 === 0) progress(clients.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return clients;
}

export const manyConnections: Row = {
  name: "connections",
  async *run(lab) {
    yield await many(lab, ttheader);
  },
};
export const grpcConnections: Row = {
  name: "gRPC connections",
  protocol: "grpc",
  async *run(lab) {
    yield await many(lab, grpc);
  },
};

async function many(lab: Lab, kind: Clients): Promise<Line> {
  const count = lab.size(10_000, 1_000);
  const { child, port } = await lab.server();
  const before = await child.stats();
  let clients: Client[] = [];
  let echoed = 0;
  const began = performance.now();
  const growth = await growthDuring(child, async () => {
    clients = await connectAll(kind, port, count, (done) => lab.progress(`connections: ${done} of ${count}`));
    await Promise.all(clients.map(async (client) => {
      await client.send(kind.hello);
      if (await client.answered()) echoed++;
    }));
  });
  const took = performance.now() - began;
  for (const client of clients) client.close();
  const faults = await leftovers(child, before, 20_000);
  if (echoed !== count) faults.push(`${echoed} of them were echoed`);
  const perConnection = growth.liveBytes / count / 1024;
  if (perConnection > MAX_CONNECTION_KIB) faults.push("they take too much memory");
  return {
    name: `${count} connections`,
    done: "each has a stream open and a message echoed; then all hang up",
    promise: `all are served, less than ${MAX_CONNECTION_KIB} KiB each, nothing is left`,
    figure: `${perConnection.toFixed(1)} KiB each (RSS ${(growth.rssBytes / count / 1024).toFixed(1)} KiB), ${
      mib(growth.liveBytes)
    }; in ${seconds(took)}`,
    faults,
  };
}

const FRAME_TIMEOUT_MS = 1_000;
const LATE_MS = 2_000;

export const halfFrames: Row = {
  name: "half frames",
  async *run(lab) {
    yield await halves(lab, ttheader);
  },
};
export const grpcHalfFrames: Row = {
  name: "gRPC half frames",
  protocol: "grpc",
  async *run(lab) {
    yield await halves(lab, grpc);
  },
};

async function halves(lab: Lab, kind: Clients): Promise<Line> {
  const count = lab.size(1_000, 200);
  const { child, port } = await lab.server({ frameTimeoutMs: FRAME_TIMEOUT_MS });
  const before = await child.stats();
  const clients = await connectAll(kind, port, count);
  const times = await Promise.all(clients.map(async (client, i) => {
    await client.send(kind.half(i));
    const began = performance.now();
    await Promise.race([client.read(), wait(FRAME_TIMEOUT_MS + LATE_MS + 1_000)]);
    return performance.now() - began;
  }));
  for (const client of clients) client.close();
  const faults = await leftovers(child, before);
  const [first, last] = [percentile(times, 0), percentile(times, 1)];
  if (last > FRAME_TIMEOUT_MS + LATE_MS) faults.push(`the last one was cut after ${ms(last)}`);
  if (first < FRAME_TIMEOUT_MS * 0.9) faults.push(`one was cut after ${ms(first)}`);
  return {
    name: `${count} half frames`,
    done: `${count} connections send ${kind.halves}, \`frameTimeoutMs\` ${FRAME_TIMEOUT_MS}`,
    promise: "all are cut after `frameTimeoutMs`, none before it",
    figure: `cut after ${ms(first)} to ${ms(last)}`,
    faults,
  };
}

const MAX_CONNECT_MS = 500;

/** Clients that have gone before the server gets round to accepting them. */
export const resetConnections: Row = {
  name: "reset connections",
  async *run(lab) {
    const count = lab.size(2_000, 1_000);
    const { child, port } = await lab.server();
    const before = await child.stats();
    const { hello } = ttheader;
    let left = count;
    const attack = async () => {
      for (; left > 0; left--) await sendAndReset(port, hello);
    };
    const times: number[] = [];
    const neighbour = async () => {
      do {
        const began = performance.now();
        using raw = await Raw.open(port);
        await raw.send(hello);
        await Promise.race([raw.read(({ type }) => type === FrameType.Data), wait(MAX_CONNECT_MS * 4)]);
        times.push(performance.now() - began);
        await wait(5);
      } while (left > 0);
    };
    await Promise.all([neighbour(), ...Array.from({ length: AT_ONCE }, attack)]);
    const { errors } = await child.stats();
    const faults = await leftovers(child, before);
    const worst = percentile(times, 1);
    if (worst > MAX_CONNECT_MS) {
      faults.push(`a new connection was served after ${ms(worst)}; "${errors.last[0] ?? ""}"`);
    }
    yield {
      name: `${count} connections that are reset at once`,
      done:
        "clients connect, send a message and reset, most of them before they are accepted; a neighbour connects meanwhile",
      promise: `a new connection is served within ${ms(MAX_CONNECT_MS)}; nothing is left`,
      figure: `median ${ms(percentile(times, 0.5))}, worst ${
        ms(worst)
      } of ${times.length}; ${errors.count} errors were printed`,
      faults,
    };
  },
};
