import { concat } from "@std/bytes/concat";
import type { Bytes } from "../base/buffer.ts";
import { reasonText } from "../base/reason.ts";
import { grpc } from "../grpc/protocol.ts";
import { wireProtocol } from "../core/protocol.ts";
import type { RelayEnd, RelayWatcher } from "../net/relay.ts";
import { knownProtocol } from "../ttheader/known_protocol.ts";
import { ttheader } from "../ttheader/protocol.ts";
import { beginsUnary, PEEK_SIZE } from "../ttheader/unary/message.ts";
import { type MessageReader, type Seen, UNREAD, type WireReader } from "./event.ts";
import { Http2Reader } from "./http2_reader.ts";
import { MAX_FIRST_BYTES } from "./limits.ts";
import { TTHeaderReader } from "./ttheader_reader.ts";
import { UnaryReader } from "./unary_reader.ts";

const TTHEADER = wireProtocol("protocol", ttheader());
const GRPC = wireProtocol("protocol", grpc());

/** What a connection speaks, by the first bytes of its client. */
function protocolOf(first: Bytes): Protocol | "another" | undefined {
  const grpcClaim = GRPC.claims(first);
  if (grpcClaim === true) return HTTP2;
  if (first.length < PEEK_SIZE) return undefined;
  if (beginsUnary(first)) return UNARY;
  if (TTHEADER.claims(first) === true) return STREAMING;
  return grpcClaim === undefined ? undefined : "another";
}

/** A protocol that can be read. */
interface Protocol {
  readonly name: string;
  readonly Reader: new (see: (seen: Seen) => void, messages: MessageReader) => WireReader;
}

const STREAMING: Protocol = { name: "TTHeader Streaming", Reader: TTHeaderReader };
const UNARY: Protocol = { name: "unary Thrift", Reader: UnaryReader };
const HTTP2: Protocol = { name: "HTTP/2", Reader: Http2Reader };

/**
 * Reads one connection, in the protocol that its client's first bytes are of. What cannot be read ends the reading, and
 * says so: the bytes go on.
 */
export class ConnectionReader implements RelayWatcher {
  readonly #see: (seen: Seen) => void;
  readonly #messages: MessageReader;
  readonly #whenOver: () => void;
  /** What has come while nobody knows the protocol: a server may speak first. */
  #first: { readonly from: RelayEnd; readonly bytes: Bytes }[] | undefined = [];
  #reader: WireReader | undefined;

  constructor(see: (seen: Seen) => void, messages: MessageReader, whenOver: () => void) {
    this.#see = see;
    this.#messages = messages;
    this.#whenOver = whenOver;
  }

  bytes(from: RelayEnd, chunk: Bytes): void {
    try {
      if (this.#first === undefined) this.#reader?.read(from, chunk);
      else this.#choose(this.#first, from, chunk);
    } catch (error) {
      this.#giveUp(`cannot be read: ${reasonText(error)}`, from);
    }
  }

  ended(from: RelayEnd, how: "closed" | "reset"): void {
    this.#see({ from, kind: how });
  }

  unreachable(error: Error): void {
    this.#see({ kind: "unreachable", text: error.message, failed: true });
  }

  over(): void {
    this.#whenOver();
  }

  #choose(first: { from: RelayEnd; bytes: Bytes }[], from: RelayEnd, chunk: Bytes): void {
    first.push({ from, bytes: chunk });
    const begun = concat(first.filter((part) => part.from === "client").map(({ bytes }) => bytes));
    const speaks = protocolOf(begun);
    if (typeof speaks === "object") {
      this.#use(speaks.name, new speaks.Reader(this.#see, this.#messages), first);
    } else if (speaks === "another") {
      const known = knownProtocol(begun, 0);
      this.#giveUp(`is ${known ?? "neither Thrift nor HTTP/2"}`, from);
    } else if (first.reduce((sum, { bytes }) => sum + bytes.length, 0) > MAX_FIRST_BYTES) {
      this.#giveUp("does not say what it speaks", from);
    }
  }

  #use(name: string, reader: WireReader, first: readonly { from: RelayEnd; bytes: Bytes }[]): void {
    this.#reader = reader;
    this.#first = undefined;
    this.#see({ kind: "speaks", text: name });
    for (const { from, bytes } of first) reader.read(from, bytes);
  }

  #giveUp(why: string, from: RelayEnd): void {
    this.#reader = undefined;
    this.#first = undefined;
    this.#see({
      from,
      kind: UNREAD,
      text: `${why}; from here on its bytes are passed through unread`,
      failed: true,
    });
  }
}
