import { growthDuring, leftovers, MIB, mib, ms, seconds, wait } from "../harness/measure.ts";
import { forEachId, header, range, Raw } from "../harness/raw.ts";
import type { Lab, Line, Row } from "../harness/row.ts";
import type { FrameInit } from "../../support/wire_peer.ts";

const FRAME_TIMEOUT_MS = 1_000;
/** The server's last words have a second to leave, and a busy machine may be late. */
const LATE_MS = 4_000;
const MAX_GROWTH_BYTES = 16 * MIB;
const PORTION = 2_000;

/** Frames that are each answered, from a client that reads no answer. */
export const unreadAnswers: Row = {
  name: "unread answers",
  async *run(lab) {
    yield await attack(lab, "Headers of unknown methods", [header(1, "Unknown")]);
    yield await attack(
      lab,
      "Headers of unknown services",
      [{ ...header(1), metadata: { isn: "Nobody" } }],
      "Interop",
    );
    yield await attack(lab, "Headers beyond maxStreams", [header(1, "Heeds")]);
    yield await attack(lab, "second Headers", [header(1, "Heeds"), header(1, "Heeds")]);
  },
};

async function attack(
  lab: Lab,
  what: string,
  frames: FrameInit[],
  service: "Test" | "Interop" = "Test",
): Promise<Line> {
  const count = lab.size(600_000, 150_000);
  const { child, port } = await lab.server({ frameTimeoutMs: FRAME_TIMEOUT_MS }, service);
  const before = await child.stats();
  using raw = await Raw.open(port);
  let sent = 0;
  let over = false;
  const began = performance.now();
  let lastAt = began;
  const sending = (async () => {
    for (; sent < count; sent += PORTION) {
      if (!await raw.send(forEachId(range(sent + 1, PORTION), ...frames))) break;
      lastAt = performance.now();
    }
    over = true;
  })();
  let cutAt: number | undefined;
  const growth = await growthDuring(child, async () => {
    // Whether the server has let go of the connection shows in its own sockets: the client does not read.
    for (let sockets = Infinity; sockets > before.sockets;) {
      await wait(100);
      sockets = (await child.stats()).sockets;
      lab.progress(`unread answers: ${what}, ${sent} sent`);
      if (sockets <= before.sockets) cutAt = performance.now();
      if (performance.now() - lastAt > FRAME_TIMEOUT_MS + LATE_MS && sockets > before.sockets) break;
    }
  });
  raw.close();
  await sending;
  const cutAfter = cutAt === undefined ? undefined : Math.max(0, cutAt - lastAt);
  const faults = await leftovers(child, before);
  if (growth.liveBytes > MAX_GROWTH_BYTES) faults.push(`it grew by ${mib(growth.liveBytes)}`);
  if (cutAfter === undefined) {
    faults.push(
      `it was not cut ${ms(FRAME_TIMEOUT_MS + LATE_MS)} after it had last ${
        over ? "sent" : "been read from"
      }`,
    );
  }
  const { errors } = await child.stats();
  return {
    name: `${count} ${what}, unread`,
    done:
      `${count} ${what} on one connection whose client reads no answer, \`frameTimeoutMs\` ${FRAME_TIMEOUT_MS}`,
    promise: `less than ${mib(MAX_GROWTH_BYTES)} more, and the client is cut after \`frameTimeoutMs\``,
    figure: `${sent} sent in ${seconds(lastAt - began)}, ${
      cutAfter === undefined ? "not cut" : `cut ${ms(cutAfter)} after the last bytes were taken`
    }; grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)})${
      errors.last[0] === undefined ? "" : `; "${errors.last[0].replace(/.*?: /, "")}"`
    }`,
    faults,
  };
}
