import type { Bytes } from "../base/buffer.ts";
import { ErrorCode, errorCodeName } from "../http2/error_code.ts";
import { Flag, FrameType, frameTypeName, PREFACE, uint31, uint32 } from "../http2/frame.ts";
import { checkSize, paddingBytes, PRIORITY_SIZE } from "../http2/frame_check.ts";
import { FrameReader } from "../http2/frame_reader.ts";
import { HeaderBlock } from "../http2/header_block.ts";
import { HpackDecoder } from "../http2/hpack/decoder.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import { readSettings, settingName } from "../http2/settings.ts";
import type { RelayEnd } from "../net/relay.ts";
import type { MessageReader, Seen, WireReader } from "./event.ts";
import { GrpcStreamReader } from "./grpc_stream_reader.ts";
import { MAX_HEADER_LIST_BYTES, MAX_SHOWN_BYTES } from "./limits.ts";
import { StreamTable } from "./stream_table.ts";

/** The pseudo-header fields that say nothing beside the method. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([":path", ":method", ":scheme"]);
const FRAME_LIMITS = { data: MAX_SHOWN_BYTES, other: MAX_SHOWN_BYTES };

/** What is known of one direction of a connection. */
class Direction {
  readonly frames = new FrameReader(FRAME_LIMITS);
  readonly block = new HeaderBlock(MAX_HEADER_LIST_BYTES);
  // The sender may have any table that its peer has announced, which only the peer knows.
  readonly hpack = new HpackDecoder({
    maxTableBytes: MAX_HEADER_LIST_BYTES,
    maxHeaderListBytes: MAX_HEADER_LIST_BYTES,
  });
}

/** Reads HTTP/2, and gRPC on it. */
export class Http2Reader implements WireReader {
  readonly #directions: Readonly<Record<RelayEnd, Direction>> = {
    client: new Direction(),
    server: new Direction(),
  };
  readonly #see: (seen: Seen) => void;
  readonly #messages: MessageReader;
  readonly #streams = new StreamTable<GrpcStreamReader>();
  #prefaceBytes = 0;

  constructor(see: (seen: Seen) => void, messages: MessageReader) {
    this.#see = see;
    this.#messages = messages;
  }

  read(from: RelayEnd, bytes: Bytes): void {
    const direction = this.#directions[from];
    const { frames } = direction;
    frames.push(from === "client" ? this.#withoutPreface(bytes) : bytes);
    while (frames.next()) this.#frame(from, direction);
  }

  #withoutPreface(bytes: Bytes): Bytes {
    const size = Math.min(bytes.length, PREFACE.length - this.#prefaceBytes);
    this.#prefaceBytes += size;
    return size === 0 ? bytes : bytes.subarray(size);
  }

  #frame(from: RelayEnd, direction: Direction): void {
    const { type, streamId, bytes, start, end, flags } = direction.frames;
    switch (type) {
      case FrameType.DATA:
        return this.#data(from, direction.frames);
      case FrameType.HEADERS:
        return this.#headers(from, direction);
      case FrameType.CONTINUATION: {
        const { block } = direction;
        block.add(bytes.subarray(start, end));
        if ((flags & Flag.END_HEADERS) === 0) {
          return this.#say(from, "CONTINUATION", { bytes: end - start }, streamId);
        }
        const { endStream } = block;
        return this.#section(from, direction, "CONTINUATION", block.take(), endStream);
      }
      case FrameType.RST_STREAM: {
        checkSize(direction.frames, 4);
        return this.#reset(from, streamId, uint32(bytes, start));
      }
      case FrameType.SETTINGS:
        return this.#settings(from, direction.frames);
      case FrameType.PING:
        return this.#say(from, "PING", ack(flags));
      case FrameType.GOAWAY:
        return this.#goAway(from, direction.frames);
      case FrameType.WINDOW_UPDATE:
        checkSize(direction.frames, 4);
        return this.#say(from, "WINDOW_UPDATE", { text: `+${uint31(bytes, start)} bytes` }, streamId);
      default:
        return this.#say(from, frameTypeName(type), { bytes: end - start }, streamId);
    }
  }

  #say(from: RelayEnd, kind: string, seen: Partial<Seen>, streamId = 0): void {
    const method = this.#streams.get(streamId)?.method;
    this.#see({
      from,
      ...(streamId === 0 ? {} : { stream: streamId }),
      kind,
      ...(method === undefined ? {} : { method }),
      ...seen,
    });
  }

  #headers(from: RelayEnd, direction: Direction): void {
    const { frames, block } = direction;
    const { bytes, streamId, flags } = frames;
    let { start, end } = frames;
    if ((flags & Flag.PADDED) !== 0) {
      end -= paddingBytes(frames);
      start++;
    }
    if ((flags & Flag.PRIORITY) !== 0) start = Math.min(start + PRIORITY_SIZE, end);
    const fragment = bytes.subarray(start, end);
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      return this.#section(from, direction, "HEADERS", fragment, endStream);
    }
    block.begin(streamId, endStream, false, fragment);
    this.#say(from, "HEADERS", { bytes: fragment.length, text: "CONTINUATION follows" }, streamId);
  }

  #section(from: RelayEnd, direction: Direction, kind: string, block: Bytes, endStream: boolean): void {
    const { fields, tooLarge } = direction.hpack.decode(block);
    const { streamId } = direction.frames;
    const stream = this.#streams.get(streamId) ?? this.#opened(from, streamId, fields);
    const meaning = stream?.headers(from, fields, endStream) ?? {};
    this.#say(from, kind, {
      ...endFlag(endStream),
      keys: fields.filter(([name]) => !PLAIN_FIELDS.has(name)),
      ...(tooLarge ? { text: `and more: the list is larger than ${MAX_HEADER_LIST_BYTES} bytes` } : {}),
      ...meaning,
    }, streamId);
    this.#forgetEnded(streamId);
  }

  /** A client's header opens its stream. */
  #opened(
    from: RelayEnd,
    streamId: number,
    fields: readonly HeaderField[],
  ): GrpcStreamReader | undefined {
    if (from !== "client") return undefined;
    const stream = new GrpcStreamReader(fields, this.#messages);
    this.#streams.begin(streamId, stream);
    return stream;
  }

  /** A frame may hold the ends of several messages: each is a line. One that holds none is a line as well. */
  #data(from: RelayEnd, frames: FrameReader): void {
    const { bytes, streamId, flags } = frames;
    let { start, end } = frames;
    if ((flags & Flag.PADDED) !== 0) {
      end -= paddingBytes(frames);
      start++;
    }
    const endStream = (flags & Flag.END_STREAM) !== 0;
    const stream = this.#streams.get(streamId);
    const lines = stream?.data(from, bytes.subarray(start, end), endStream) ?? [{ bytes: end - start }];
    for (const [i, line] of lines.entries()) {
      this.#say(from, "DATA", { ...endFlag(endStream && i === lines.length - 1), ...line }, streamId);
    }
    this.#forgetEnded(streamId);
  }

  #reset(from: RelayEnd, streamId: number, code: number): void {
    const name = errorCodeName(code);
    const stream = this.#streams.get(streamId);
    // A server that is done with a request that goes on says NO_ERROR (RFC 9113 8.1): its trailers were the end.
    const end = stream === undefined || stream.ended
      ? {}
      : { mark: "cancel", end: { how: code === ErrorCode.CANCEL ? "cancel" : "error", text: name } } as const;
    this.#say(from, "RST_STREAM", { text: name, failed: code !== ErrorCode.NO_ERROR, ...end }, streamId);
    this.#streams.end(streamId);
  }

  #settings(from: RelayEnd, { bytes, start, end, flags }: FrameReader): void {
    const settings: string[] = [];
    readSettings(bytes, start, end, false, (id, value) => settings.push(`${settingName(id)}=${value}`));
    const text = settings.join(" ");
    this.#say(from, "SETTINGS", { ...ack(flags), ...(text === "" ? {} : { text }) });
  }

  #goAway(from: RelayEnd, { bytes, start, end }: FrameReader): void {
    const code = uint32(bytes, start + 4);
    const debug = new TextDecoder().decode(bytes.subarray(Math.min(start + 8, end), end));
    const text = `last stream ${uint31(bytes, start)}, ${errorCodeName(code)}${
      debug === "" ? "" : `: ${debug}`
    }`;
    this.#say(from, "GOAWAY", { text, failed: code !== ErrorCode.NO_ERROR });
  }

  #forgetEnded(streamId: number): void {
    if (this.#streams.get(streamId)?.over === true) this.#streams.end(streamId);
  }
}

function endFlag(endStream: boolean): Partial<Seen> {
  return endStream ? { flag: "END_STREAM" } : {};
}

function ack(flags: number): Partial<Seen> {
  return (flags & Flag.ACK) === 0 ? {} : { flag: "ACK" };
}
