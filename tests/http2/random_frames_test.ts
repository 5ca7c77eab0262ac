import { assertEquals } from "@std/assert";
import type { Bytes } from "../../src/base/buffer.ts";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag } from "../../src/http2/frame.ts";
import { Harness } from "./harness.ts";
import { random } from "./random.ts";
import {
  data,
  frame,
  headers,
  ping,
  REQUEST,
  RESPONSE,
  rst,
  settings,
  SETTINGS_ACK,
  TRAILERS,
  windowUpdate,
} from "./wire.ts";

/** A frame that is right in itself, and mostly right in its place. */
function plausible(next: (below: number) => number, id: number): Bytes {
  const end = next(3) === 0 ? Flag.END_STREAM : Flag.NONE;
  switch (next(9)) {
    case 0:
    case 1:
      return data(id, next(3_000), end);
    case 2:
      return headers(id, next(2) === 0 ? TRAILERS : RESPONSE, end);
    case 3:
      return rst(id, next(14));
    case 4:
      return windowUpdate(next(2) * id, 1 + next(10_000));
    case 5:
      return ping(next(100), next(2));
    case 6:
      return settings([4, next(100_000)], [5, 16_384 + next(1_000)]);
    case 7:
      return SETTINGS_ACK;
    default:
      return frame(2, 0, id, [0, 0, 0, 0, next(256)]);
  }
}

for (const role of ["server", "client"] as const) {
  Deno.test(`Frames in any order leave a ${role} whole or end its connection, and it never throws.`, async () => {
    let ended = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const next = random(seed);
      const harness = await Harness.started(role);
      let lastId = -1;
      for (let i = 0; i < 200 && harness.error === undefined; i++) {
        const streams = [...harness.connection.streams()];
        const stream = streams[next(streams.length + 1)];
        if (stream === undefined && role === "server") {
          harness.receive(headers(lastId += 2, REQUEST, next(2)));
        } else if (stream === undefined) harness.open(REQUEST, next(2) === 0);
        else if (next(3) === 0) act(next, stream);
        // Mostly of streams that are open; one that has ended, or never was, ends most connections.
        else harness.receive(plausible(next, next(60) === 0 ? 1 + 2 * next(20) : Math.max(stream.id, 1)));
        if (next(10) === 0) await harness.sent();
      }
      if (harness.error !== undefined) ended++;
      harness.connection.lost(new Error("done"));
      assertEquals(harness.connection.size, 0);
      assertEquals(harness.connection.unreadBytes, 0);
      await harness.sent();
    }
    assertEquals(ended > 0 && ended < 150, true, `${ended} ended`);
  });

  Deno.test(`Bytes without sense end the connection of a ${role}, whatever they are.`, async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const harness = await Harness.started(role);
      for (let i = 0; i < 50 && harness.error === undefined; i++) {
        // Short frames of any type, with any flags, of one of few streams.
        harness.receive(
          frame(next(11), next(256), next(4), Array.from({ length: next(12) }, () => next(256))),
        );
      }
      assertEquals([harness.error !== undefined, harness.connection.size], [true, 0]);
      harness.connection.lost(new Error("done"));
      await harness.sent();
    }
  });
}

function act(next: (below: number) => number, stream: ReturnType<Harness["open"]>): void {
  switch (next(5)) {
    case 0:
      return stream.sendData((buffer) => buffer.writeBytes(new Uint8Array(next(40_000))));
    case 1:
      return stream.end();
    case 2:
      return stream.reset(ErrorCode.CANCEL);
    case 3:
      return stream.sendHeaders(TRAILERS, true);
    default:
      return stream.grant(next(200_000));
  }
}
