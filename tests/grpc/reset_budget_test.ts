// A client that ends its streams at once, by whatever means, is cut, as one that resets them is.
import { assertStringIncludes } from "@std/assert";
import { type Bytes, serveOver } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { rejectionText } from "../support/rejection.ts";
import { message, RawClient, request } from "./raw_client.ts";
import { Flag } from "../../src/http2/frame.ts";

const BYTE = new Uint8Array(1);

const MEANS: readonly (readonly [name: string, frames: (id: number) => Bytes[]])[] = [
  ["a message with a flag that there is not", (id) => [request(id), message(id, BYTE, { flag: 9 })]],
  ["a message that is too long", (id) => [request(id), message(id, BYTE, { length: 0xffff_ffff })]],
  [
    "a compressed message that is none",
    (id) => [request(id, { more: [["grpc-encoding", "gzip"]] }), message(id, BYTE, { flag: 1 })],
  ],
  [
    "an end within a message",
    (id) => [request(id), message(id, BYTE, { length: 2, flags: Flag.END_STREAM })],
  ],
  ["a deadline that is over", (id) => [request(id, { more: [["grpc-timeout", "1n"]] })]],
];

for (const [name, frames] of MEANS) {
  Deno.test(`A client whose streams end by ${name} is cut when there are too many of them.`, async () => {
    const [near, far] = duplexPair();
    const { finished } = serveOver(far, ({ readable, signal }) => {
      // Whoever has read nothing has not looked into a message either.
      readable.getReader().read().catch(() => {});
      return aborted(signal).then(() => {});
    }, { protocols: [grpc()], maxStreams: 1 });
    const ended = rejectionText(finished);
    const client = await RawClient.start(near);
    const flood = async () => {
      for (let id = 1; id < 2000; id += 2) {
        await client.send(...frames(id));
        // The next one comes when there is room for it.
        await client.line(new RegExp(`^(RST_STREAM|HEADERS) ${id} `));
      }
    };
    await flood().catch(() => {
      // Cut.
    });
    await client[Symbol.asyncDispose]();
    assertStringIncludes(await ended, "too many cancelled streams: 10 more than have ended well");
  });
}
