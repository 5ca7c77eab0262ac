import { type Case, close, drain, many, one, recv, send, swarm } from "./case.ts";

/** Pools, many streams at once, metainfo with odd keys, every Thrift type. */

export const loadCases: readonly Case[] = [
  ...(["mux", "mux1", "long", "short"] as const).map((pool) =>
    many(`Kitex's ${pool} pool: 30 streams, 5 messages each`, {
      ...swarm(30, 5, 6, false),
      options: { pool },
    })
  ),
  many("300 streams at once, 20 messages each", swarm(300, 20, 300, false)),
  many("1,000 streams, two of three cancelled at random", swarm(1_000, 6, 64, true)),
  one("metainfo", "odd keys and values", {
    options: {
      transient: {
        "lower-case": "a",
        MiXed_Case: "b",
        "ключ ☺": "значение 😈",
        empty: "",
        space: " a b ",
        "new\nline": "\t\r\n",
        long: "x".repeat(30_000),
        RPC_TRANSIT_: "looks like a prefix",
      },
      persistent: { "lower-case": "c", MiXed_Case: "d", PERSIST: "1", "a=b&c": "%20" },
    },
    client: [send("hi"), recv(), close, drain],
    server: [{ do: "metainfo" }, recv(), send("hi"), drain],
  }),
  one("metainfo", "ACL token", {
    options: { transient: { "gdpr-token": "a token of 日本", other: "1" } },
    client: [send("hi"), recv(), close, drain],
    server: [{ do: "metainfo" }, recv(), send("hi"), drain],
  }),
  one("Thrift", "every type of the IDL, there and back", { method: "types" }, { handlers: 0 }),
];
