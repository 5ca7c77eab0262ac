/**
 * The Thrift codec beside codecs written by hand for the same structs, and beside npm's `thrift`.
 *
 *     deno run -A bench/thrift_codec.ts [--quick] [--help]
 *
 * All of them take turns in one process, after it has seen structs of other shapes, as a real program has; the
 * best round of each counts. Exit code 1 where the codec takes more than twice as long as the one by hand, or
 * not at most half as long as npm's.
 */
import { Buffer } from "node:buffer";
import { ByteBuffer } from "../src/base/buffer.ts";
import { loopingStructReader, readers } from "../src/thrift/decode.ts";
import { loopingStructWriter, writers } from "../src/thrift/encode.ts";
import { Input } from "../src/thrift/input.ts";
import { bool, field, i32, i64, list, string, struct, type ThriftType } from "../src/thrift/mod.ts";
import { readFlags } from "../tools/flags.ts";
import * as hand from "./thrift/handwritten.ts";
import { Chat, chat, Order, order } from "./thrift/messages.ts";
import * as npm from "./thrift/npm.ts";

const HELP = `usage: deno run -A bench/thrift_codec.ts [--quick] [--help]
  --quick  10 rounds, not 50`;
const { quick = false } = readFlags(HELP, { quick: { type: "boolean" } });

const ROUNDS = quick ? 10 : 50;
/** Runs between two looks at the clock. */
const RUNS = 10_000;

interface Contest {
  readonly name: string;
  readonly bytes: number;
  readonly codec: () => unknown;
  /** The codec where code cannot be generated. */
  readonly loops: () => unknown;
  readonly byHand: () => unknown;
  readonly npm: () => unknown;
}

const buffer = new ByteBuffer(4096);
const writerOf = writers(loopingStructWriter);
const readerOf = readers(loopingStructReader);
const [writeChat, writeOrder] = [writerOf(Chat), writerOf(Order)];
const [readChat, readOrder] = [readerOf(Chat), readerOf(Order)];
const chatBytes = Chat.encode(chat);
const orderBytes = Order.encode(order);
const chatPayload = Buffer.from(chatBytes);
const orderPayload = Buffer.from(orderBytes);

const contests: readonly Contest[] = [
  {
    name: "encode string + i64 + 1 KiB binary",
    bytes: chatBytes.length,
    codec: () => (buffer.length = 0, Chat.encodeInto(chat, buffer)),
    loops: () => (buffer.length = 0, writeChat(chat, buffer, 0)),
    byHand: () => (buffer.length = 0, hand.encodeChat(chat, buffer)),
    npm: () => npm.encodeChat(npm.npmChat),
  },
  {
    name: "encode nested",
    bytes: orderBytes.length,
    codec: () => (buffer.length = 0, Order.encodeInto(order, buffer)),
    loops: () => (buffer.length = 0, writeOrder(order, buffer, 0)),
    byHand: () => (buffer.length = 0, hand.encodeOrder(order, buffer)),
    npm: () => npm.encodeOrder(npm.npmOrder),
  },
  {
    name: "decode string + i64 + 1 KiB binary",
    bytes: chatBytes.length,
    codec: () => Chat.decode(chatBytes),
    loops: () => readChat(new Input(chatBytes), 0),
    byHand: () => hand.decodeChat(chatBytes),
    npm: () => npm.decodeChat(chatPayload),
  },
  {
    name: "decode nested",
    bytes: orderBytes.length,
    codec: () => Order.decode(orderBytes),
    loops: () => readOrder(new Input(orderBytes), 0),
    byHand: () => hand.decodeOrder(orderBytes),
    npm: () => npm.decodeOrder(orderPayload),
  },
];

/** Nobody wins by doing something else. */
function checkThatAllAgree(): void {
  const payloads = [chatBytes, orderBytes].map(String);
  for (
    const encoded of [
      [() => hand.encodeChat(chat, buffer), () => hand.encodeOrder(order, buffer)],
      [() => writeChat(chat, buffer, 0), () => writeOrder(order, buffer, 0)],
      [
        () => buffer.writeBytes(npm.encodeChat(npm.npmChat)),
        () => buffer.writeBytes(npm.encodeOrder(npm.npmOrder)),
      ],
    ]
  ) {
    for (const [i, encode] of encoded.entries()) {
      buffer.length = 0;
      encode();
      if (String(buffer.toBytes()) !== payloads[i]) throw new Error(`payload ${i} differs: ${encode}`);
    }
  }
  for (const decoded of [hand.decodeOrder(orderBytes), readOrder(new Input(orderBytes), 0) as Order]) {
    if (String(Order.encode(decoded)) !== payloads[1]) throw new Error("a decoded order differs");
  }
  if (!npm.encodeOrder(npm.decodeOrder(orderPayload)).equals(orderPayload)) {
    throw new Error("npm's order differs");
  }
}

/** Encodes and decodes structs of other shapes: code that has seen one shape alone is faster than it ever will be. */
function warmUp(): void {
  const types: ThriftType<unknown>[] = [string, i32, i64, bool, list(i32), list(Chat)];
  for (let shape = 0; shape < 12; shape++) {
    const fields = Array.from(
      { length: 3 + shape },
      (_, i) =>
        [
          `${"abcdefghijklmnop"[i]}${shape}`,
          field(i + 1, types[(i + shape) % types.length] ?? string),
        ] as const,
    );
    const codec = struct(`Shape${shape}`, Object.fromEntries(fields));
    const [write, read] = [writerOf(codec), readerOf(codec)];
    const message = codec.create();
    for (let i = 0; i < 1000; i++) {
      codec.decode(codec.encode(message));
      buffer.length = 0;
      write(message, buffer, 0);
      read(new Input(buffer.toBytes()), 0);
    }
  }
}

/** The best nanoseconds of each, in the order they are given. */
function race(contenders: readonly (() => unknown)[]): number[] {
  const best = contenders.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of contenders.entries()) {
      const start = performance.now();
      for (let n = 0; n < RUNS; n++) run();
      best[i] = Math.min(best[i] ?? Infinity, (performance.now() - start) * 1e6 / RUNS);
    }
  }
  return best;
}

checkThatAllAgree();
warmUp();
console.log(`Deno ${Deno.version.deno}; nanoseconds a message, the best of ${ROUNDS} rounds\n`);
console.log(
  "                                     bytes   codec  by hand   loops    npm's   codec/hand   npm's/codec",
);
let missed = false;
for (const { name, bytes, codec, loops, byHand, npm } of contests) {
  const [ours = 0, hands = 0, looping = 0, theirs = 0] = race([codec, byHand, loops, npm]);
  const [toHand, toNpm] = [ours / hands, theirs / ours];
  missed ||= toHand > 2 || toNpm < 2;
  const numbers = [bytes, ours, hands, looping, theirs].map((n) => n.toFixed(0).padStart(8)).join(" ");
  console.log(
    `${name.padEnd(34)}${numbers}${toHand.toFixed(2).padStart(12)}x${toNpm.toFixed(1).padStart(12)}x`,
  );
}
if (missed) {
  console.error("\nthe codec is more than 2x the one by hand, or not at least 2x as fast as npm's");
  Deno.exit(1);
}
