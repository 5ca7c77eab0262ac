import { FrameType } from "../../../src/ttheader/frame.ts";
import { exceptionPayload } from "../../support/wire_peer.ts";
import { forEachId, header, range, Raw } from "../harness/raw.ts";
import { type Attack, attack } from "../harness/resets.ts";
import type { Row } from "../harness/row.ts";

const rapid: Attack = {
  name: "rapid resets",
  done: "Header and Rst",
  async open(port) {
    const raw = await Raw.open(port);
    return {
      send: (bytes) => raw.send(bytes),
      // Nothing else is answered: a Trailer is a refusal.
      read: (refused) => raw.read(({ type }) => type === FrameType.Trailer ? refused() : undefined),
      close: () => raw.close(),
      [Symbol.dispose]: () => raw.close(),
    };
  },
  streams: (from, count, method) =>
    forEachId(range(from + 1, count), header(1, method), {
      type: FrameType.Rst,
      method,
      payload: exceptionPayload({ type: 12007, message: "enough" }),
    }),
};

/** Streams that are opened and reset as fast as they can be: CVE-2023-44487, in this protocol. */
export const rapidReset: Row = {
  name: "rapid resets",
  async *run(lab) {
    for (const method of ["Heeds", "Ignores"] as const) {
      for (const how of ["in one write", "in separate reads"] as const) {
        yield await attack(lab, rapid, method, how, lab.size(300_000, 60_000));
      }
    }
  },
};
