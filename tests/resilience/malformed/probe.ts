import { exceptionOf, nameOf, WirePeer } from "../../support/wire_peer.ts";
import { type Frame, FrameType } from "../../../src/ttheader/frame.ts";
import { good, join } from "./bytes.ts";
import type { Expected, Malformed } from "./case.ts";

/** Where a server listens. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** What a server did with malformed bytes. */
export interface Observed {
  readonly end: "closed" | "cut" | "alive" | "kept" | "stuck";
  /** The frames that came for the streams concerned. */
  readonly answer: string;
  /** The texts of the exceptions among them. */
  readonly texts: readonly string[];
  /** What went wrong beside it: with a neighbour, or with the next connection. */
  readonly harm: readonly string[];
}

/** How long, in milliseconds, what is expected may take. */
export interface Patience {
  /** Until a server that closes has done so, and an answer has come. */
  readonly answerMs: number;
  /** Until half a frame is given up: the server's own limit, and some. */
  readonly cutMs: number;
  /** How long to listen for more than is expected. */
  readonly quietMs: number;
}

/** Streams of an honest client; the malformed ones have other ids. */
const BEFORE = 0x5eed01;
const AFTER = 0x5eed02;

/** Sends one case's bytes to a server, and looks at what it does and whether anybody else suffers. */
export async function probe(address: Address, one: Malformed, patience: Patience): Promise<Observed> {
  const harm: string[] = [];
  const observed = await onOneConnection(address, one, patience, harm);
  await using fresh = await Wire.open(address);
  await fresh.send(join(good.header(BEFORE), good.data(BEFORE), good.trailer(BEFORE)));
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
    await wire.send(join(good.header(BEFORE), good.data(BEFORE)));
    if (!await wire.got(BEFORE, FrameType.Data, answerMs)) harm.push("no echo before the bytes");
  }
  await wire.send(bytes);
  if (expected.end === "cut") {
    const ended = await wire.closed(cutMs);
    return { end: ended ? "cut" : "kept", ...wire.answer() };
  }
  if (expected.end === "closed" && await wire.closed(first === undefined ? 0 : answerMs)) {
    return { end: "closed", ...wire.answer() };
  }
  // What comes behind the bytes shows that they have been dealt with, and that nobody beside them is harmed.
  if (first === undefined) await wire.send(join(good.data(BEFORE), good.trailer(BEFORE)));
  await wire.send(join(good.header(AFTER), good.data(AFTER), good.trailer(AFTER)));
  const neighbours = first === undefined ? [BEFORE, AFTER] : [AFTER];
  const served = await Promise.all(neighbours.map((id) => wire.ended(id, answerMs)));
  if (await wire.closed(0)) return { end: "closed", ...wire.answer() };
  if (served.includes(false)) {
    return { end: await wire.closed(cutMs) ? "cut" : "stuck", ...wire.answer() };
  }
  if (expected.end === "alive") await wire.until(() => wire.answer().answer === expected.answer, answerMs);
  if (quietMs > 0) await wire.closed(quietMs);
  return { end: "alive", ...wire.answer() };
}

/** What is not as expected; nothing where all is well. */
export function faults(expected: Expected, observed: Observed): string[] {
  const found = [...observed.harm];
  if (observed.end !== expected.end) found.push(`expected ${expected.end}, got ${observed.end}`);
  if (expected.end === "alive" && observed.answer !== expected.answer) {
    found.push(`expected ${expected.answer}, got ${observed.answer} ${observed.texts.join("; ")}`.trimEnd());
  }
  return found;
}

/** A connection whose frames are kept as they come. */
class Wire implements AsyncDisposable {
  readonly #conn: Deno.TcpConn;
  readonly #peer: WirePeer;
  readonly #frames: Frame[] = [];
  readonly #reading: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #closed = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#peer = new WirePeer(conn);
    this.#reading = this.#read();
  }

  static async open(address: Address): Promise<Wire> {
    return new Wire(await Deno.connect(address));
  }

  async #read(): Promise<void> {
    try {
      for (let frame = await this.#peer.next(); frame !== undefined; frame = await this.#peer.next()) {
        this.#frames.push(frame);
        this.#tell();
      }
    } catch {
      // A reset closes it as well as a FIN: a server that leaves bytes unread says it so.
    }
    this.#closed = true;
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async send(bytes: Uint8Array): Promise<void> {
    try {
      await this.#peer.sendBytes(bytes);
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

  async got(id: number, type: FrameType, ms: number): Promise<boolean> {
    const there = () => this.#frames.some((frame) => frame.streamId === id && frame.type === type);
    await this.until(() => there() || this.#closed, ms);
    return there();
  }

  ended(id: number, ms: number): Promise<boolean> {
    return this.got(id, FrameType.Trailer, ms);
  }

  answer(): Pick<Observed, "answer" | "texts"> {
    const concerned = this.#frames.filter(({ streamId }) => streamId !== BEFORE && streamId !== AFTER);
    const failures = concerned.map(exceptionIn);
    const words = concerned.map((frame, i) => [nameOf(frame.type), failures[i]?.type].join(" ").trimEnd());
    return {
      answer: words.join(", ") || "nothing",
      texts: failures.flatMap((failure) => failure?.message ?? []),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer.close();
    await this.#reading;
    try {
      this.#conn.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

function exceptionIn(frame: Frame): { type: number; message: string } | undefined {
  if (frame.type !== FrameType.Trailer || frame.payload.length === 0) return undefined;
  return exceptionOf(frame);
}
