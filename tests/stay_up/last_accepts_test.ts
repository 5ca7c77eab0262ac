/** Clients that have just connected when a server begins to shut down. */
import { assert } from "@std/assert";
import { isStreamError } from "../../src/core/errors.ts";
import { ttheader } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { rejection } from "../support/rejection.ts";

const CLIENTS = 40;

for (const protocol of [ttheader(), grpc()]) {
  Deno.test(`calls on connections that a server has not accepted when it shuts down can be made again (${protocol.name})`, async () => {
    const server = serveLocally((stream) => stream.sendAll(stream.readable), { protocols: [protocol] });
    const connections = await Promise.all(
      Array.from({ length: CLIENTS }, () => connectTo(server, { protocol })),
    );
    const down = server.shutdown();
    const errors = await Promise.all(connections.map(async (connection) => {
      const stream = connection.openStream({ service: "Test", method: "Echo" });
      return await rejection(stream.closed);
    }));
    for (const error of errors) assert(isStreamError(error) && error.retryable, String(error));
    await Promise.all(connections.map((connection) => connection.close()));
    await down;
  });
}
