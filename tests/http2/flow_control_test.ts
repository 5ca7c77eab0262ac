import { assertEquals } from "@std/assert";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { Harness } from "./harness.ts";
import { data, frame, headers, REQUEST, SETTINGS_ACK } from "./wire.ts";

const END = Flag.END_STREAM;
const KIB = 1024;

/** A server whose streams have windows of 64 KiB, and its connection one of 128 KiB. */
function served(options: { initialWindowBytes?: number } = {}): Promise<Harness> {
  return Harness.started("server", {
    initialWindowBytes: 64 * KIB,
    connectionWindowBytes: 128 * KIB,
    maxStreams: 1000,
    ...options,
  });
}

/** Sends as much DATA as the windows of a stream and of the connection allow, as an honest client does. */
class Client {
  #connection = 128 * KIB;
  readonly #streams = new Map<number, number>();

  constructor(readonly harness: Harness) {}

  open(id: number): void {
    this.#streams.set(id, 64 * KIB);
    this.harness.receive(headers(id, REQUEST));
  }

  /** Sends up to `bytes`. @returns How many were allowed. */
  async send(id: number, bytes: number): Promise<number> {
    let sent = 0;
    for (;;) {
      await this.hear();
      const size = Math.min(bytes - sent, this.#connection, this.#streams.get(id) ?? 0, 16 * KIB);
      if (size === 0) return sent;
      this.harness.receive(data(id, size));
      this.#connection -= size;
      this.#streams.set(id, (this.#streams.get(id) ?? 0) - size);
      sent += size;
    }
  }

  async hear(): Promise<void> {
    for (const line of await this.harness.sent()) {
      const [, id, increment] = /^WINDOW_UPDATE (?:(\d+) )?(\d+)$/.exec(line) ?? [];
      if (increment === undefined) continue;
      if (id === undefined) this.#connection += Number(increment);
      else this.#streams.set(Number(id), (this.#streams.get(Number(id)) ?? 0) + Number(increment));
    }
  }
}

Deno.test("The windows come back as bytes are consumed, in steps of half a window.", async () => {
  const harness = await served();
  harness.receive(headers(1, REQUEST));
  const updates: string[] = [];
  for (let i = 0; i < 128; i++) {
    harness.receive(data(1, KIB));
    updates.push(...await harness.sent());
  }
  assertEquals(updates.filter((line) => line === "WINDOW_UPDATE 1 32768").length, 4);
  assertEquals(updates.filter((line) => line === "WINDOW_UPDATE 65536").length, 2);
  assertEquals(updates.length, 6);
});

Deno.test("A stream that nobody reads takes one and a half windows, and stalls itself alone.", async () => {
  const harness = await served();
  harness.consumes = false;
  const client = new Client(harness);
  client.open(1);
  assertEquals(await client.send(1, 1024 * KIB), 96 * KIB);
  client.open(3);
  harness.consumes = true;
  assertEquals(await client.send(3, 1024 * KIB), 1024 * KIB);
  assertEquals(harness.connection.unreadBytes, 96 * KIB);
  harness.accepted[0]?.consumed(96 * KIB);
  assertEquals(await client.send(1, 64 * KIB), 64 * KIB);
});

Deno.test("Streams that nobody reads hold no more than nine of the connection's windows together.", async () => {
  const harness = await served();
  harness.consumes = false;
  const client = new Client(harness);
  let held = 0;
  for (let id = 1; id < 60; id += 2) {
    client.open(id);
    held += await client.send(id, 1024 * KIB);
  }
  assertEquals(held, 9 * 128 * KIB);
  assertEquals(harness.connection.unreadBytes, held);
  for (const stream of harness.accepted) stream.consumed(stream.unreadBytes);
  client.open(61);
  assertEquals(await client.send(61, 1024 * KIB), 96 * KIB);
});

Deno.test("What a stream holds goes back to the connection when it is reset, by either end, or has ended.", async () => {
  const harness = await served();
  harness.consumes = false;
  const client = new Client(harness);
  for (let id = 1; id < 100; id += 2) {
    client.open(id);
    await client.send(id, 1024 * KIB);
    if (id % 6 === 1) harness.stream.reset(ErrorCode.CANCEL);
    else if (id % 6 === 3) harness.receive(frame(FrameType.RST_STREAM, 0, id, [0, 0, 0, 8]));
    else {
      harness.stream.sendHeaders([[":status", "200"]], true);
      harness.receive(data(id, 0, END));
    }
    harness.stream.consumed(5);
    assertEquals(harness.connection.unreadBytes, 0);
  }
  client.open(101);
  assertEquals(await client.send(101, 1024 * KIB), 96 * KIB);
});

Deno.test("A message as large as the window becomes whole behind others that have been consumed.", async () => {
  for (const before of [1, 10, 31, 33, 48, 63]) {
    const harness = await served();
    harness.consumes = false;
    const client = new Client(harness);
    client.open(1);
    assertEquals(await client.send(1, before * KIB + 64 * KIB), Math.min(96, before + 64) * KIB);
    harness.stream.consumed(before * KIB);
    await client.send(1, Math.max(0, before + 64 - 96) * KIB);
    assertEquals(harness.stream.unreadBytes, 64 * KIB);
  }
});

Deno.test("A message that is larger than all windows comes where it has been granted.", async () => {
  const harness = await served();
  harness.consumes = false;
  const client = new Client(harness);
  for (let id = 1; id < 30; id += 2) client.open(id);
  for (let id = 1; id < 30; id += 2) await client.send(id, 70 * KIB);
  const size = 4096 * KIB;
  client.open(31);
  harness.stream.grant(size);
  assertEquals(await client.send(31, size), size);
  harness.stream.consumed(size);
  const after = await client.send(31, size);
  assertEquals(after <= 96 * KIB, true);
});

Deno.test("A grant that the window has anyway sends nothing.", async () => {
  const harness = await served();
  harness.receive(headers(1, REQUEST));
  harness.stream.grant(64 * KIB - 1);
  assertEquals(await harness.sent(), []);
  harness.stream.grant(64 * KIB + 1);
  assertEquals(await harness.sent(), ["WINDOW_UPDATE 1 1"]);
});

Deno.test("Padding counts against the windows, and is given back without being consumed.", async () => {
  const harness = await served();
  harness.consumes = false;
  harness.receive(headers(1, REQUEST));
  const padded = frame(FrameType.DATA, Flag.PADDED, 1, [255, ...new Uint8Array(256)]);
  for (let i = 0; i < 1000; i++) harness.receive(padded);
  assertEquals(harness.connection.unreadBytes, 1000);
  assertEquals(harness.error, undefined);
  assertEquals((await harness.sent()).length > 5, true);
});

Deno.test("DATA beyond the connection's window ends the connection.", async () => {
  const harness = await served({ initialWindowBytes: 1024 * KIB });
  harness.consumes = false;
  harness.receive(headers(1, REQUEST), headers(3, REQUEST));
  harness.receive(data(1, 100 * KIB));
  assertEquals(harness.error, undefined);
  // In one chunk: what is given back meanwhile has not reached the client, but it counts.
  harness.receive(data(1, 200 * KIB));
  assertEquals(harness.error?.code, ErrorCode.FLOW_CONTROL_ERROR);
  assertEquals(harness.told().slice(2), [
    "data 1 102400",
    "lost 1 begun",
    "lost 3 begun",
    "end FLOW_CONTROL_ERROR",
  ]);
  await harness.sent();
});

Deno.test("A small window holds once the peer has acknowledged it; until then it may use the default one.", async () => {
  const harness = await served({ initialWindowBytes: 1000 });
  harness.consumes = false;
  harness.receive(headers(1, REQUEST), data(1, 16_384), SETTINGS_ACK, SETTINGS_ACK, headers(3, REQUEST));
  assertEquals(harness.error, undefined);
  harness.receive(data(3, 1000), data(3, 501));
  assertEquals((await harness.sent()).includes("RST_STREAM 3 FLOW_CONTROL_ERROR"), true);
  harness.receive(data(1, 1));
  assertEquals(await harness.sent(), ["RST_STREAM 1 FLOW_CONTROL_ERROR"]);
});

Deno.test("A stream whose peer has ended gets no WINDOW_UPDATE.", async () => {
  const harness = await served();
  harness.consumes = false;
  harness.receive(headers(1, REQUEST), data(1, 60 * KIB), data(1, 0, END));
  await harness.sent();
  harness.stream.consumed(60 * KIB);
  harness.stream.grant(1024 * KIB);
  assertEquals(await harness.sent(), []);
});
