/** Clients that have just connected when a server begins to shut down. */
import { assert, assertEquals } from "@std/assert";
import { isStreamError } from "../../src/core/errors.ts";
import { type ConnListener, type NetAddr, serve, ttheader } from "../../mod.ts";
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

  Deno.test(`the grace ends a client that is among the last accepted and never reads (${protocol.name})`, async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const listener: ConnListener<NetAddr> = {
      addr: tcp.addr,
      accept: () => opened.then(() => tcp.accept()),
      close: () => tcp.close(),
    };
    const server = serve({ listener, protocols: [protocol] }, (stream) => stream.sendAll(stream.readable));
    const silent = await Deno.connect({ hostname: "127.0.0.1", port: tcp.addr.port });
    open();
    const graceMs = 200;
    const down = server.shutdown({ graceMs }).then(() => "finished");
    const { promise: late, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(resolve, graceMs + 3_000, "hung");
    assertEquals(await Promise.race([down, late]), "finished");
    clearTimeout(timer);
    silent.close();
  });
}
