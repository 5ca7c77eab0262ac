import { type Case, under, untilLive } from "../harness/case.ts";

const STREAMS = 10_000;

/** What a live stream costs on which nothing has happened yet: heap and buffers, at each end. */
export const idleMemory: Case = {
  name: "memory of a live idle stream",
  contenders: ["ttstream", "Kitex"],
  shows: ["clientBytes", "serverBytes"],
  targets: [
    under(1300, "bytes", "clientBytes", "at the client"),
    under(1300, "bytes", "serverBytes", "at the server"),
  ],
  rounds: 1,
  async run(pair) {
    // The first streams bring what all of them share: compiled code, the connection.
    await pair.client.ask({ do: "hold", streams: 1000 });
    await untilLive(pair, 1000);
    const [client, server] = [
      await pair.client.ask({ do: "memory" }),
      await pair.server.ask({ do: "memory" }),
    ];
    await pair.client.ask({ do: "hold", streams: STREAMS });
    await untilLive(pair, 1000 + STREAMS);
    const [client2, server2] = [
      await pair.client.ask({ do: "memory" }),
      await pair.server.ask({ do: "memory" }),
    ];
    return {
      clientBytes: ((client2.heap ?? NaN) - (client.heap ?? NaN)) / STREAMS,
      serverBytes: ((server2.heap ?? NaN) - (server.heap ?? NaN)) / STREAMS,
    };
  },
};
