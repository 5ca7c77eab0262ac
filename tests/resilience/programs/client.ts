// The client under test, in a process of its own. Its first argument is a `Speaks`.
import { stats } from "./counters.ts";
import { connect, type Connection } from "../../../mod.ts";
import { fromHex } from "../../support/hex.ts";
import { type Command, number, obey, say } from "./commands.ts";
import { protocolOf } from "./protocol.ts";
import { type Ended, settle } from "./settle.ts";
import { type PoolLoad, poolLoad } from "./pool_load.ts";
import { soak } from "./soak.ts";
import { type WaitingCalls, waitingCalls } from "./waiting_calls.ts";

const protocol = protocolOf(JSON.parse(Deno.args[0] ?? "{}"));
const counts = { streams: 0, messages: 0, failed: 0 };
const connections: Connection[] = [];
/** What the streams in the background have come to. */
const background: Promise<unknown>[] = [];
let waiting: WaitingCalls | undefined;
let load: PoolLoad | undefined;
let stopping = false;
let tripsMs: number[] = [];

say({});
await obey(async (command) => {
  switch (command.do) {
    case "stats":
      return stats(counts);
    case "echo":
      return echo(command);
    case "converse":
      return converse(command);
    case "ping":
      return ping(command);
    case "trips":
      return trips();
    case "stop":
      return stop();
    case "hold":
      return hold(command);
    case "drop":
      return drop();
    case "load":
      load = poolLoad(command, protocol);
      return {};
    case "loaded":
      return load?.soFar();
    case "unload":
      return load?.stop();
    case "await":
      waiting = await waitingCalls(command, protocol);
      return {};
    case "begin":
      waiting?.begin(command);
      return {};
    case "waited":
      return waiting?.soFar();
    case "abort":
      return waiting?.abort();
    case "close":
      await waiting?.close();
      waiting = undefined;
      return {};
    case "soak":
      return soak(command, protocol, counts);
    default:
      throw new Error(`unknown command ${command.do}`);
  }
});
Deno.exit(0);

/** Echoes one message on each of many streams of one connection, so many of them at a time. */
async function echo(command: Command): Promise<{ echoed: number }> {
  const connection = await connect({ port: number(command, "port"), protocol });
  let left = number(command, "streams");
  let echoed = 0;
  const message = new TextEncoder().encode("hello");
  const one = async () => {
    for (; left > 0;) {
      left--;
      const { readable, writable } = connection.openStream({ service: "Test", method: "Echo" });
      const writer = writable.getWriter();
      await writer.write(message);
      const reader = readable.getReader();
      if ((await reader.read()).value?.length === message.length) echoed++;
      await writer.close();
      await reader.read();
    }
  };
  await Promise.all(Array.from({ length: number(command, "atOnce") }, one));
  await connection.close();
  return { echoed };
}

/** Holds a recorded conversation again and again, each on a connection of its own, and tells how everything ended. */
async function converse(command: Command): Promise<Ended> {
  const target = { service: String(command["service"]), method: String(command["method"]) };
  const messages = String(command["messages"]).split(",").map(fromHex);
  const ended: Ended = { settled: 0, unsettled: {}, ways: {} };
  let left = number(command, "times");
  const one = async () => {
    for (; left > 0;) {
      left--;
      const connection = await connect({
        port: number(command, "port"),
        serviceName: "ServiceA",
        protocol,
      });
      const stream = connection.openStream(target, { timeoutMs: number(command, "timeoutMs") });
      await settle(connection, stream, messages, number(command, "patienceMs"), ended);
      connection.abort();
      await connection.closed.catch(() => {
        // It was lost: that is what the conversation is cut for.
      });
    }
  };
  await Promise.all(Array.from({ length: number(command, "atOnce") }, one));
  return ended;
}

/** Starts streams, each of which sends a message as soon as the last one has come back. */
async function ping(command: Command): Promise<Record<string, never>> {
  const connection = await connect({ port: number(command, "port"), protocol });
  connections.push(connection);
  connection.closed.catch(() => {
    // The server is killed under it; its streams tell.
  });
  for (let i = 0; i < number(command, "streams"); i++) {
    background.push(pingPong(connection).catch(() => counts.failed++).finally(() => counts.streams--));
    counts.streams++;
  }
  return {};
}

async function pingPong(connection: Connection): Promise<void> {
  const { readable, writable } = connection.openStream({ service: "Test", method: "Echo" });
  const writer = writable.getWriter();
  writer.closed.catch(() => {
    // What it says the writes and reads say, too.
  });
  const reader = readable.getReader();
  const message = new TextEncoder().encode("ping");
  while (!stopping) {
    const began = performance.now();
    await writer.write(message);
    if ((await reader.read()).done) throw new Error("it ended");
    tripsMs.push(performance.now() - began);
    counts.messages++;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await writer.close();
  await reader.read();
}

/** The round trips since it was last asked. */
function trips(): { tripsMs: number[] } {
  const last = tripsMs;
  tripsMs = [];
  return { tripsMs: last };
}

async function stop(): Promise<{ failed: number }> {
  stopping = true;
  await Promise.all(background.splice(0));
  for (const connection of connections.splice(0)) await connection.close();
  stopping = false;
  return { failed: counts.failed };
}

/** Opens a stream and reads nothing of what comes. */
async function hold(command: Command): Promise<Record<string, never>> {
  const connection = await connect({ port: number(command, "port"), protocol });
  connections.push(connection);
  const { writable } = connection.openStream({ service: "Test", method: "Flood" });
  const writer = writable.getWriter();
  writer.closed.catch(() => {
    // It ends with the connection.
  });
  await writer.write(new TextEncoder().encode(String(number(command, "bytes"))));
  return {};
}

/** Cuts all connections. */
async function drop(): Promise<Record<string, never>> {
  for (const connection of connections.splice(0)) {
    connection.abort();
    await connection.closed;
  }
  return {};
}
