/** Messages by their IDL, and unary calls, as the tap shows them: of a client and a server on TCP. */
import { assertEquals, assertRejects } from "@std/assert";
import { type Bytes, connect, type Connection, createClient, type Protocol, ttheader } from "../../mod.ts";
import { DynamicException, loadService } from "../../src/dynamic/mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { relay } from "../../src/net/relay.ts";
import { ConnectionReader } from "../../src/tap/connection_reader.ts";
import type { Seen } from "../../src/tap/event.ts";
import { idlMessages } from "../../src/tap/idl_messages.ts";
import { ChatServer, IDL } from "../call/chat_server.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { encodeFrames } from "../support/wire_peer.ts";
import { byteByByte, linesOf, read } from "./reading.ts";

const Chat = loadService(IDL, "Chat", {
  methods: { Ask: "server", Add: "unary", Withdraw: "unary", Log: "unary" },
});

/** What the tap shows of what a client does, without what is the connections' alone, in the order of the connections. */
async function shown(protocol: Protocol, use: (connection: Connection) => Promise<void>): Promise<string[]> {
  await using server = new ChatServer();
  const connections: Seen[][] = [];
  const over: Promise<void>[] = [];
  const relayed = await relay({
    hostname: "127.0.0.1",
    port: 0,
    to: { hostname: "127.0.0.1", port: Number(server.address.split(":")[1]) },
    watch() {
      const seen: Seen[] = [];
      connections.push(seen);
      const { promise, resolve } = Promise.withResolvers<void>();
      over.push(promise);
      return new ConnectionReader((one) => seen.push(one), idlMessages([Chat]), resolve);
    },
  });
  {
    await using connection = await connect({ port: relayed.port, protocol });
    await use(connection);
  }
  await Promise.all(over);
  await relayed.close();
  return linesOf(connections.flat().filter(({ stream }) => stream !== undefined));
}

Deno.test("messages of a stream of TTHeader Streaming are shown as JSON", async () => {
  const lines = await shown(ttheader(), async (connection) => {
    await Array.fromAsync(createClient(Chat, connection).Ask({ text: "two words", user: "7" }));
  });
  assertEquals(lines, [
    "→ 1 Header   Chat/Ask isn=Chat",
    '→ 1 Data     Chat/Ask 28 B {"text":"two words","user":"7"}',
    "→ 1 Trailer  Chat/Ask",
    "← 1 Header   Chat/Ask",
    '← 1 Data     Chat/Ask 11 B {"text":"two"}',
    '← 1 Data     Chat/Ask 13 B {"text":"words"}',
    "← 1 Trailer  Chat/Ask tokens=2",
  ]);
});

Deno.test("messages of gRPC are shown as JSON where they are Thrift", async () => {
  const lines = await shown(grpc({ compression: "gzip" }), async (connection) => {
    await createClient(Chat, connection).Add({ a: 1, b: 2 });
  });
  assertEquals(lines.filter((line) => line.includes(" DATA ")).map((line) => line.replace(/\d+ B /, "… ")), [
    '→ 1 DATA     Chat/Add … gzip of 15 bytes {"a":1,"b":2}',
    "→ 1 DATA     END_STREAM Chat/Add",
    "← 1 DATA     Chat/Add … 3",
  ]);
});

Deno.test("unary calls are shown with their framing, replies and declared exceptions", async () => {
  const lines = await shown(ttheader(), async (connection) => {
    const chat = createClient(Chat, connection);
    await chat.Add({ a: 1, b: 2 }, { metainfo: { persistent: { user: "7" } } });
    await assertRejects(async () => await chat.Withdraw("5"), DynamicException);
    await chat.Log("a line");
    await chat.Add({ a: 2, b: 2 });
  });
  assertEquals(lines, [
    '→ 1 Call     TTHeader Chat/Add RPC_PERSIST_user=7 isn=Chat 15 B {"a":1,"b":2}',
    "← 1 Reply    TTHeader Chat/Add 8 B 3",
    '→ 2 Call     TTHeader Chat/Withdraw isn=Chat 12 B "5"',
    '← 2 Reply    TTHeader Chat/Withdraw 16 B Overdrawn {"missing":"5"}',
    '→ 3 Oneway   TTHeader Chat/Log isn=Chat 14 B "a line"',
    '→ 4 Call     TTHeader Chat/Add isn=Chat 15 B {"a":2,"b":2}',
    "← 4 Reply    TTHeader Chat/Add 8 B 4",
  ]);
});

Deno.test("a payload that is not what the IDL says is said not to be, and the reading goes on", () => {
  const messages = idlMessages([Chat]);
  const seen: Seen[] = [];
  const reader = new ConnectionReader((one) => seen.push(one), messages, () => {});
  const send = (payload: Uint8Array) => encodeFrames({ type: FrameType.Data, method: "Ask", payload });
  const metadata = { isn: "Chat" };
  reader.bytes("client", encodeFrames({ type: FrameType.Header, method: "Ask", metadata }));
  reader.bytes("client", send(new Uint8Array([9])));
  reader.bytes("client", send(new Uint8Array([0])));
  assertEquals(linesOf(seen).slice(2), [
    "→ 1 Data     Chat/Ask 1 B not as the IDL has it: Question: cut short: field id takes 2 bytes, 0 left",
    '→ 1 Data     Chat/Ask 1 B {"text":""}',
  ]);
});

/** A Thrift Binary message: its type, name, sequence id, and the fields of its struct. */
function thriftMessage(type: number, name: string, id: number, fields: readonly number[]): Bytes {
  const head = [0x80, 1, 0, type, 0, 0, 0, name.length, ...new TextEncoder().encode(name), 0, 0, 0, id];
  return new Uint8Array([...head, ...fields, 0]);
}

function framed(message: Bytes): Bytes {
  return new Uint8Array([0, 0, 0, message.length, ...message]);
}

for (const framing of ["framed", "buffered"] as const) {
  Deno.test(`${framing} unary calls are shown as far as they tell, an exception with its text`, () => {
    const wrap = framing === "framed" ? framed : (message: Bytes) => message;
    const text = [..."gone"].map((letter) => letter.charCodeAt(0));
    const exception = [11, 0, 1, 0, 0, 0, 4, ...text, 8, 0, 2, 0, 0, 0, 6];
    const parts = [
      { from: "client", bytes: wrap(thriftMessage(1, "Add", 7, [8, 0, 1, 0, 0, 0, 1])) },
      { from: "server", bytes: wrap(thriftMessage(2, "Add", 7, [8, 0, 0, 0, 0, 0, 3])) },
      { from: "client", bytes: wrap(thriftMessage(1, "Nope", 8, [])) },
      { from: "server", bytes: wrap(thriftMessage(3, "Nope", 8, exception)) },
    ] as const;
    const lines = [
      "- - speaks   unary Thrift",
      `→ 7 Call     ${framing} Add 8 B {"a":1,"b":0}`,
      `← 7 Reply    ${framing} Add 8 B 3`,
      `→ 8 Call     ${framing} Nope 1 B`,
      `← 8 Exception ${framing} Nope 35 B exception of type 6: gone`,
    ];
    assertEquals(
      linesOf(read(parts, idlMessages([Chat]))),
      lines,
    );
    assertEquals(read(byteByByte(parts), idlMessages([Chat])), read(parts, idlMessages([Chat])));
  });
}

Deno.test("a buffered reply of nothing, as Kitex's generic server writes it, does not hide what follows", () => {
  const parts = [
    { from: "client", bytes: thriftMessage(1, "Forget", 1, []) },
    { from: "server", bytes: thriftMessage(2, "Forget", 1, [1, 0, 0, 0]) },
    { from: "server", bytes: thriftMessage(2, "Add", 2, [8, 0, 0, 0, 0, 0, 3]) },
  ] as const;
  assertEquals(linesOf(read(parts)).slice(1), [
    "→ 1 Call     buffered Forget 1 B",
    "← 1 Reply    buffered Forget 5 B",
    "← 2 Reply    buffered Add 8 B",
  ]);
});
