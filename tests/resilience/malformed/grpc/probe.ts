import type { Bytes } from "../../../../mod.ts";
import { errorCodeName } from "../../../../src/http2/error_code.ts";
import { Flag, FrameType, PREFACE, uint32 } from "../../../../src/http2/frame.ts";
import { FrameReader } from "../../../../src/http2/frame_reader.ts";
import { HpackDecoder } from "../../../../src/http2/hpack/decoder.ts";
import { join, settings, SETTINGS_ACK } from "../../../http2/wire.ts";
import type { Malformed } from "../case.ts";
import type { Address, Observed, Patience } from "../probe.ts";
import { data, fieldsWith, headersOf, MESSAGE } from "./bytes.ts";

/** Streams of an honest client; the malformed ones have ids between them. */
const BEFORE = 1;
const AFTER = 101;

const HELLO = join(PREFACE, settings(), SETTINGS_ACK);
const opening = (id: number) => join(headersOf(fieldsWith({}), Flag.NONE, id), data(MESSAGE, Flag.NONE, id));
const whole = (id: number) =>
  join(headersOf(fieldsWith({}), Flag.NONE, id), data(MESSAGE, Flag.END_STREAM, id));

/** Sends one case's bytes to a server, and looks at what it does and whether anybody else suffers. */
export async function probeGrpc(address: Address, one: Malformed, patience: Patience): Promise<Observed> {
  const harm: string[] = [];
  const observed = await onOneConnection(address, one, patience, harm);
  await using fresh = await Wire.open(address);
  await fresh.send(join(HELLO, whole(BEFORE)));
  if (!await fresh.ended(BEFORE, patience.answerMs)) harm.push("a new connection is not served");
  return { ...observed, harm };
}

async function onOneConnection(
  address: Address,
  { bytes, first, expected }: Malformed,
  { answerMs, cutMs, quietMs }: Patience,
  harm: string[],
): Promise<Omit<Observed, "harm">> {
  await using wire = await Wire.open(address);
  if (first === undefined) {
    await wire.send(join(HELLO, opening(BEFORE)));
    if (!await wire.got(`${BEFORE} DATA`, answerMs)) harm.push("no echo before the bytes");
  }
  await wire.send(bytes);
  if (expected.end === "cut") {
    return { end: await wire.closed(cutMs) ? "cut" : "kept", ...wire.answer() };
  }
  if (expected.end === "closed" && await wire.closed(answerMs)) return { end: "closed", ...wire.answer() };
  // What comes behind the bytes shows that they have been dealt with, and that nobody beside them is harmed.
  if (first === undefined) await wire.send(data(MESSAGE, Flag.END_STREAM, BEFORE));
  await wire.send(whole(AFTER));
  const neighbours = first === undefined ? [BEFORE, AFTER] : [AFTER];
  const served = await Promise.all(neighbours.map((id) => wire.ended(id, answerMs)));
  if (await wire.closed(0)) return { end: "closed", ...wire.answer() };
  if (served.includes(false)) return { end: await wire.closed(cutMs) ? "cut" : "stuck", ...wire.answer() };
  if (expected.end === "alive") await wire.until(() => wire.answer().answer === expected.answer, answerMs);
  if (quietMs > 0) await wire.closed(quietMs);
  return { end: "alive", ...wire.answer() };
}

/** A connection whose frames are kept in words as they come: the stream's id, then what it was. */
class Wire implements AsyncDisposable {
  readonly #conn: Deno.TcpConn;
  readonly #reader = new FrameReader();
  readonly #decoder = new HpackDecoder({ maxTableBytes: 4096, maxHeaderListBytes: 1 << 20 });
  readonly #words: string[] = [];
  readonly #reading: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #closed = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#reading = this.#read();
  }

  static async open(address: Address): Promise<Wire> {
    return new Wire(await Deno.connect(address));
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const buffer: Bytes = new Uint8Array(16 * 1024);
        const size = await this.#conn.read(buffer);
        if (size === null) break;
        this.#reader.push(buffer.subarray(0, size));
        while (this.#reader.next()) this.#take();
        this.#tell();
      }
    } catch {
      // A reset closes it as well as a FIN: a server that leaves bytes unread says it so.
    }
    this.#closed = true;
    this.#tell();
  }

  #take(): void {
    const { type, flags, streamId, bytes, start, end } = this.#reader;
    const payload = bytes.subarray(start, end);
    switch (type) {
      case FrameType.DATA:
        if (payload.length > 0) this.#words.push(`${streamId} DATA`);
        return;
      case FrameType.RST_STREAM:
        this.#words.push(`${streamId} RST ${errorCodeName(uint32(payload, 0))}`);
        return;
      case FrameType.GOAWAY:
        this.#words.push(`0 GOAWAY ${errorCodeName(uint32(payload, 4))}`);
        return;
      case FrameType.HEADERS: {
        const fields = new Map(this.#decoder.decode(payload).fields);
        const http = fields.get(":status") ?? "200";
        const status = fields.get("grpc-status");
        const words = http !== "200" ? `HTTP ${http}` : status === undefined ? "HEADERS" : `status ${status}`;
        this.#words.push(`${streamId} ${words}`);
        if ((flags & Flag.END_STREAM) !== 0) this.#words.push(`${streamId} end`);
      }
    }
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async send(bytes: Uint8Array): Promise<void> {
    try {
      for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
    } catch {
      // The server has hung up meanwhile, and that is seen by reading.
    }
  }

  /** Whether `reached` comes to be within `ms`. */
  async until(reached: () => boolean, ms: number): Promise<boolean> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#tell();
    }, ms);
    while (!reached() && !late) await this.#changed.promise;
    clearTimeout(timer);
    return reached();
  }

  closed(ms: number): Promise<boolean> {
    return ms === 0 ? Promise.resolve(this.#closed) : this.until(() => this.#closed, ms);
  }

  async got(words: string, ms: number): Promise<boolean> {
    const there = () => this.#words.includes(words);
    await this.until(() => there() || this.#closed, ms);
    return there();
  }

  ended(id: number, ms: number): Promise<boolean> {
    return this.got(`${id} end`, ms);
  }

  /** What came for the streams concerned: for an HTTP answer its status, and that nothing more is wanted goes without saying. */
  answer(): Pick<Observed, "answer" | "texts"> {
    const words = this.#words.flatMap((line) => {
      const at = line.indexOf(" ");
      const id = Number(line.slice(0, at));
      const rest = line.slice(at + 1);
      if (id === BEFORE || id === AFTER || id === 0 || rest === "end" || rest === "RST NO_ERROR") return [];
      return [rest];
    });
    const plain = words.find((word) => word.startsWith("HTTP"));
    const goAway = this.#words.filter((line) => line.startsWith("0 "));
    return { answer: plain ?? (words.join(", ") || "nothing"), texts: goAway };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#conn.close();
    await this.#reading;
  }
}
