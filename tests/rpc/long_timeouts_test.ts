import { assertEquals } from "@std/assert";
import { connectOver, type Handler, serveOver } from "../../mod.ts";
import { encodeFrames } from "../support/wire_peer.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";

/** Longer than any timer: the platform fires one that is set so at once, after 1 ms. */
const TOO_LONG_MS = [2 ** 31, 1e12, Number.MAX_VALUE];

/** Many times what a timer set wrongly would take. */
function aWhile(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 40));
}

for (const ms of TOO_LONG_MS) {
  Deno.test(`time-outs of ${ms} ms do not fire at once`, async () => {
    const [clientEnd, serverEnd] = duplexPair();
    const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);
    const serving = serveOver(serverEnd, echo);
    const connection = connectOver(clientEnd);
    const { readable, writable } = connection.openStream(
      { service: "TestService", method: "Echo" },
      { timeoutMs: ms, recvTimeoutMs: ms },
    );
    const reader = readable.getReader();
    const read = reader.read();
    await aWhile();
    const writer = writable.getWriter();
    await writer.write(bytes("late"));
    assertEquals(string((await read).value), "late");
    await writer.close();
    assertEquals((await reader.read()).done, true);
    await connection.close();
    await serving.finished;
  });

  Deno.test(`a frameTimeoutMs of ${ms} ms does not fire at once`, async () => {
    const [peerEnd, serverEnd] = duplexPair();
    const methods: string[] = [];
    const serving = serveOver(serverEnd, ({ method }) => void methods.push(method), { frameTimeoutMs: ms });
    const frame = encodeFrames({ type: FrameType.Header, method: "Slow" });
    const writer = peerEnd.writable.getWriter();
    await writer.write(frame.subarray(0, 10));
    await aWhile();
    await writer.write(frame.subarray(10));
    await writer.close();
    await serving.finished;
    assertEquals(methods, ["Slow"]);
  });
}
