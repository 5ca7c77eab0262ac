import dgram from "node:dgram"; // Deno's own datagrams are unstable
import { ByteBuffer, type Bytes } from "../../mod.ts";

/** The kinds of record that are looked up here, by their numbers (RFC 1035, 2782, 3596). */
const RecordType = { A: 1, AAAA: 28, SRV: 33 } as const;

const RESPONSE = 0x8400; // a response, by the name's own server
const NXDOMAIN = 3;
const SERVFAIL = 2;

/** An SRV record. */
export interface Srv {
  readonly target: string;
  readonly port: number;
  readonly priority?: number;
}

/** A name server on loopback that knows what the test tells it, and nothing else. */
export class StubDns implements AsyncDisposable {
  /** IPv4 addresses by name; a name ends with a dot. */
  readonly a: Map<string, readonly string[]> = new Map();
  /** IPv6 addresses by name, each of its eight groups written out. */
  readonly aaaa: Map<string, readonly string[]> = new Map();
  /** SRV records by name. */
  readonly srv: Map<string, readonly Srv[]> = new Map();
  /** Answers everything with SERVFAIL. */
  failing = false;
  /** Says nothing at all. */
  silent = false;
  /** How many questions have come. */
  questions = 0;
  readonly #socket: dgram.Socket;

  private constructor(socket: dgram.Socket) {
    this.#socket = socket;
    socket.on("message", (message, { port, address }) => {
      this.questions++;
      if (!this.silent) socket.send(this.#answer(new Uint8Array(message)), port, address);
    });
  }

  static async open(): Promise<StubDns> {
    const socket = dgram.createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    return new StubDns(socket);
  }

  /** What look-ups take as their `nameServer`. */
  get nameServer(): { ipAddr: string; port: number } {
    return { ipAddr: "127.0.0.1", port: this.#socket.address().port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #answer(query: Bytes): Bytes {
    const view = new DataView(query.buffer);
    const { name, end } = nameIn(query, 12);
    const type = view.getUint16(end);
    const records = this.#records(name, type);
    const known = this.a.has(name) || this.aaaa.has(name) || this.srv.has(name);
    const code = this.failing ? SERVFAIL : known ? 0 : NXDOMAIN;
    const buffer = new ByteBuffer();
    buffer.writeInt16(view.getUint16(0));
    buffer.writeInt16(RESPONSE | view.getUint16(2) & 0x0100 | code);
    for (const count of [1, code === 0 ? records.length : 0, 0, 0]) buffer.writeInt16(count);
    buffer.writeBytes(query.subarray(12, end + 4));
    if (code !== 0) return buffer.toBytes();
    for (const record of records) {
      buffer.writeInt16(0xc00c); // the name of the question
      buffer.writeInt16(type);
      buffer.writeInt16(1); // the internet
      buffer.writeInt32(0); // seconds that it may be kept
      buffer.writeInt16(record.length);
      buffer.writeBytes(record);
    }
    return buffer.toBytes();
  }

  #records(name: string, type: number): Uint8Array[] {
    switch (type) {
      case RecordType.A:
        return (this.a.get(name) ?? []).map((ip) => Uint8Array.from(ip.split("."), Number));
      case RecordType.AAAA:
        return (this.aaaa.get(name) ?? []).map((ip) =>
          Uint8Array.from(
            ip.split(":").flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]),
          )
        );
      case RecordType.SRV:
        return (this.srv.get(name) ?? []).map(({ target, port, priority = 0 }) => {
          const buffer = new ByteBuffer();
          for (const number of [priority, 0, port]) buffer.writeInt16(number);
          for (const label of target.split(".")) {
            buffer.writeUint8(label.length);
            buffer.writeBytes(new TextEncoder().encode(label));
          }
          return buffer.toBytes();
        });
      default:
        return [];
    }
  }
}

/** The name at `at`, in lower case and with its last dot, and where it ends. */
function nameIn(bytes: Bytes, at: number): { name: string; end: number } {
  let name = "";
  let end = at;
  for (let length = bytes[end] ?? 0; length > 0; length = bytes[end] ?? 0) {
    name += new TextDecoder().decode(bytes.subarray(end + 1, end + 1 + length)).toLowerCase() + ".";
    end += 1 + length;
  }
  return { name, end: end + 1 };
}
