import type { Bytes } from "../base/buffer.ts";
import { reasonText } from "../base/reason.ts";
import type { MessageReader, Seen, StreamEnd } from "./event.ts";
import { bizStatusOf } from "../grpc/biz_status.ts";
import { isGrpc } from "../grpc/content_type.ts";
import { GrpcError } from "../grpc/error.ts";
import { MessageAssembler } from "../grpc/message_assembler.ts";
import { fieldOf, metadataOf } from "../grpc/metadata.ts";
import { percentDecode } from "../grpc/percent.ts";
import { GrpcStatus } from "../grpc/status.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import { type Compression, decompress } from "../net/compression.ts";
import type { RelayEnd } from "../net/relay.ts";
import { MAX_SHOWN_BYTES } from "./limits.ts";
import { readMessage } from "./messages.ts";

/** What a line says beside the frame that it is of. */
type Line = Partial<Seen>;

/** One direction of a stream. */
interface Half {
  readonly assembler: MessageAssembler;
  /** Whether its first header section has come: the next is its trailers. */
  begun: boolean;
  ended: boolean;
  compression: string | undefined;
}

/** One stream of HTTP/2: what its frames mean where it is gRPC's. */
export class GrpcStreamReader {
  /** Its path without the first slash: `Service/Method`. */
  readonly method: string;
  readonly #isGrpc: boolean;
  /** Whether its messages are Thrift, and the IDL's. */
  readonly #isThrift: boolean;
  readonly #messages: MessageReader;
  readonly #halves: Readonly<Record<RelayEnd, Half>>;
  /** The lines of the DATA frame that is being read. */
  #lines: Line[] = [];

  constructor(request: readonly HeaderField[], messages: MessageReader) {
    const type = fieldOf(request, "content-type") ?? "";
    this.method = (fieldOf(request, ":path") ?? "").replace(/^\//, "");
    this.#isGrpc = isGrpc(type);
    this.#isThrift = type.startsWith("application/grpc+thrift");
    this.#messages = messages;
    this.#halves = { client: this.#half("client"), server: this.#half("server") };
  }

  /** Whether the server has said how it ended. */
  get ended(): boolean {
    return this.#halves.server.ended;
  }

  /** Whether nothing comes any more. */
  get over(): boolean {
    return this.#halves.client.ended && this.#halves.server.ended;
  }

  /** A header section. */
  headers(from: RelayEnd, fields: readonly HeaderField[], end: boolean): Line {
    const half = this.#halves[from];
    const first = !half.begun;
    // A server's 1xx is not its header yet.
    if (/^1\d\d$/.test(fieldOf(fields, ":status") ?? "")) return {};
    half.begun = true;
    half.ended ||= end;
    half.compression ??= fieldOf(fields, "grpc-encoding");
    if (from === "client") return first ? { mark: "header", begins: true } : { mark: "half close" };
    return end ? { mark: "trailer", ...statusOf(fields) } : { mark: "header" };
  }

  /** What a DATA frame holds: a line for each message that ends in it, one where none does. */
  data(from: RelayEnd, bytes: Bytes, end: boolean): Line[] {
    const half = this.#halves[from];
    half.ended ||= end;
    if (!this.#isGrpc) return [{ bytes: bytes.length, mark: end ? endMark(from) : "message" }];
    this.#lines = [];
    half.assembler.push(bytes);
    const lines = this.#lines;
    const { missingBytes, pendingBytes } = half.assembler;
    if (missingBytes > 0) {
      lines.push({ bytes: pendingBytes, text: `of a message, at least ${missingBytes} B are still to come` });
    }
    if (!end) return lines.length > 0 ? lines : [{ bytes: bytes.length }];
    // The half close has a mark of its own, behind the last message's.
    return [...lines, { bytes: lines.length > 0 ? undefined : bytes.length, mark: endMark(from) }];
  }

  #half(from: RelayEnd): Half {
    const assembler = new MessageAssembler({
      message: (payload, compressed) => this.#lines.push(this.#message(from, payload, compressed)),
      announced: () => {},
      check(bytes) {
        if (bytes <= MAX_SHOWN_BYTES) return;
        throw new RangeError(`a message of ${bytes} bytes is over ${MAX_SHOWN_BYTES} bytes`);
      },
    });
    return { assembler, begun: false, ended: false, compression: undefined };
  }

  #message(from: RelayEnd, payload: Bytes, compressed: boolean): Line {
    const line = { bytes: payload.length, mark: "message" } as const;
    if (!compressed) return { ...line, ...this.#read(from, payload) };
    const { compression } = this.#halves[from];
    if (!isCompression(compression)) {
      return { ...line, text: `compressed by ${compression ?? "nobody knows what"}` };
    }
    try {
      const message = decompress(compression, payload, MAX_SHOWN_BYTES);
      return { ...line, text: `${compression} of ${message.length} bytes`, ...this.#read(from, message) };
    } catch (error) {
      return { ...line, text: `no ${compression}: ${reasonText(error)}`, failed: true };
    }
  }

  #read(from: RelayEnd, payload: Bytes): Line {
    return this.#isThrift ? readMessage(this.#messages, this.method, from, payload) : {};
  }
}

function endMark(from: RelayEnd): "half close" | "trailer" {
  return from === "client" ? "half close" : "trailer";
}

function isCompression(name: string | undefined): name is Compression {
  return name === "gzip" || name === "deflate";
}

/** How a server's last fields say that the stream ended. */
function statusOf(fields: readonly HeaderField[]): Line {
  const status = fieldOf(fields, "grpc-status");
  if (status === "0") return { end: { how: "well", text: "" } };
  const http = fieldOf(fields, ":status");
  if (status === undefined) {
    return failed(http === undefined ? "no grpc-status" : `HTTP status ${http}, no grpc-status`, "error");
  }
  const text = percentDecode(fieldOf(fields, "grpc-message") ?? "");
  const biz = bizStatusOf(metadataOf(fields), text);
  if (biz !== undefined) return failed(biz.message, "error");
  const code = /^[1-9]\d{0,8}$/.test(status) ? Number(status) : GrpcStatus.Unknown;
  return failed(new GrpcError(code, text).message, code === GrpcStatus.Canceled ? "cancel" : "error");
}

function failed(text: string, how: StreamEnd["how"]): Line {
  return { text, failed: true, end: { how, text } };
}
