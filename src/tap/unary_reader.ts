import type { Bytes } from "../base/buffer.ts";
import { isBizStatusError } from "../core/errors.ts";
import type { RelayEnd } from "../net/relay.ts";
import { exceptionText, readException } from "../ttheader/exception.ts";
import { FrameType, NO_PAYLOAD } from "../ttheader/frame.ts";
import { SERVICE_KEY } from "../ttheader/metadata.ts";
import { errorOfTrailer } from "../ttheader/status.ts";
import { UnaryDecoder } from "../ttheader/unary/decoder.ts";
import { type Framing, MessageType, type UnaryMessage } from "../ttheader/unary/message.ts";
import type { MessageReader, Seen, WireReader } from "./event.ts";
import { MAX_SHOWN_BYTES } from "./limits.ts";
import { readMessage } from "./messages.ts";
import { StreamTable } from "./stream_table.ts";

const NAMES: Readonly<Record<number, string>> = {
  [MessageType.Call]: "Call",
  [MessageType.Reply]: "Reply",
  [MessageType.Exception]: "Exception",
  [MessageType.Oneway]: "Oneway",
};

/** Reads unary Thrift calls: behind a TTHeader, framed, or bare. Each call is a stream; its sequence id is its id. */
export class UnaryReader implements WireReader {
  readonly #decoders: Readonly<Record<RelayEnd, UnaryDecoder>> = {
    client: new UnaryDecoder(MAX_SHOWN_BYTES),
    server: new UnaryDecoder(MAX_SHOWN_BYTES),
  };
  readonly #see: (seen: Seen) => void;
  readonly #messages: MessageReader;
  /** The calls by their ids, as `Service/Method` where a call's header names the service. */
  readonly #calls = new StreamTable<string>();

  constructor(see: (seen: Seen) => void, messages: MessageReader) {
    this.#see = see;
    this.#messages = messages;
  }

  read(from: RelayEnd, bytes: Bytes): void {
    this.#decoders[from].readAll(bytes, (message) => this.#message(from, message));
  }

  #message(from: RelayEnd, message: UnaryMessage): void {
    const { framing, id, type, metadata, timeoutMs, payload } = message;
    const method = this.#methodOf(from, message);
    const keys = [...metadata];
    if (timeoutMs !== undefined) keys.unshift(["timeout", `${timeoutMs} ms`]);
    this.#see({
      from,
      stream: id,
      kind: NAMES[type] ?? `message of type ${type}`,
      flag: framingName(framing),
      ...(method === "" ? {} : { method }),
      ...(keys.length === 0 ? {} : { keys }),
      bytes: payload.length,
      ...this.#meaning(from, { ...message, method }),
    });
    if (from === "server" || type === MessageType.Oneway) this.#calls.end(id);
  }

  #methodOf(from: RelayEnd, { id, method, metadata }: UnaryMessage): string {
    if (from === "server") return this.#calls.get(id) ?? method;
    const service = metadata.get(SERVICE_KEY);
    const path = service === undefined || method === "" ? method : `${service}/${method}`;
    this.#calls.begin(id, path);
    return path;
  }

  #meaning(from: RelayEnd, message: UnaryMessage): Partial<Seen> {
    const { type, method, payload, fault } = message;
    if (fault !== undefined) return { mark: "message", begins: from === "client", text: fault, failed: true };
    switch (type) {
      case MessageType.Call:
        return { mark: "message", begins: true, ...readMessage(this.#messages, method, from, payload) };
      case MessageType.Oneway: {
        const end = { how: "well", text: "" } as const;
        return { mark: "message", begins: true, end, ...readMessage(this.#messages, method, from, payload) };
      }
      case MessageType.Exception: {
        const exception = readException(payload);
        const text = `exception of type ${exception.type}: ${exceptionText(exception)}`;
        return { mark: "trailer", text, failed: true, end: { how: "error", text } };
      }
      default:
        return this.#reply(message);
    }
  }

  #reply({ id, method, metadata, payload }: UnaryMessage): Partial<Seen> {
    const error = errorOfTrailer(
      { type: FrameType.Trailer, streamId: id, method, metadata, payload: NO_PAYLOAD },
      { side: "client" },
    );
    if (isBizStatusError(error)) {
      return {
        mark: "trailer",
        text: error.message,
        failed: true,
        end: { how: "error", text: error.message },
      };
    }
    const read = readMessage(this.#messages, method, "server", payload);
    // A declared exception has a message. What only the IDL does not know is no fault of the call.
    const { text = "", failed = false } = read;
    const excepted = failed && read.message !== undefined;
    return { mark: "message", end: excepted ? { how: "error", text } : { how: "well", text: "" }, ...read };
  }
}

function framingName({ ttheader, framed }: Framing): string {
  if (ttheader) return framed ? "TTHeader, framed" : "TTHeader";
  return framed ? "framed" : "buffered";
}
