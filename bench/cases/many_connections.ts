import { type Case, rate, untilLive } from "../harness/case.ts";
import type { ProtocolName } from "../harness/contenders.ts";

/** Every process has a file for each: more than some systems let it have. */
const CONNECTIONS = 10_000;
/** The first ones bring what all of them share. */
const WARM_UP = 100;

/** What a connection with an idle stream costs at each end, in heap and buffers, and how thousands of them are served. */
function over(protocol: ProtocolName): Case {
  const prefix = protocol === "grpc" ? "gRPC: " : "";
  return {
    name: `${prefix}${CONNECTIONS.toLocaleString("en")} connections: memory of one, and ping-pong on all`,
    protocol,
    contenders: ["ttstream"],
    shows: ["perSecond", "p99Ms", "clientBytes", "serverBytes"],
    targets: [],
    rounds: 1,
    fresh: true,
    slow: true,
    async run(pair, ms) {
      const hold = (connections: number) =>
        pair.client.ask({ do: "hold", streams: connections, connections });
      await hold(WARM_UP);
      await untilLive(pair, WARM_UP);
      const before = await memories();
      await hold(CONNECTIONS);
      await untilLive(pair, WARM_UP + CONNECTIONS);
      const after = await memories();
      const grown = CONNECTIONS - WARM_UP;
      const figures = await rate(pair, {
        do: "pingPong",
        ms: Math.max(ms, 1_000),
        size: 1024,
        streams: CONNECTIONS,
        connections: CONNECTIONS,
      });
      return {
        ...figures,
        clientBytes: (after.client - before.client) / grown,
        serverBytes: (after.server - before.server) / grown,
      };

      async function memories(): Promise<{ client: number; server: number }> {
        const [client, server] = [
          await pair.client.ask({ do: "memory" }),
          await pair.server.ask({ do: "memory" }),
        ];
        return { client: client.heap ?? NaN, server: server.heap ?? NaN };
      }
    },
  };
}

export const manyConnections: Case = over("ttheader");
export const grpcManyConnections: Case = over("grpc");
