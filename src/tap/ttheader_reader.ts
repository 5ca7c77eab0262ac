import type { Bytes } from "../base/buffer.ts";
import type { RelayEnd } from "../net/relay.ts";
import { isBizStatusError, isStreamError, type Where } from "../core/errors.ts";
import { FrameDecoder } from "../ttheader/frame_decoder.ts";
import { type Frame, FrameType } from "../ttheader/frame.ts";
import { SERVICE_KEY } from "../ttheader/metadata.ts";
import { errorOfRst, errorOfTrailer } from "../ttheader/status.ts";
import type { MessageReader, Seen, StreamEnd, WireReader } from "./event.ts";
import { MAX_SHOWN_BYTES } from "./limits.ts";
import { readMessage } from "./messages.ts";
import { StreamTable } from "./stream_table.ts";

const NAMES: Readonly<Record<FrameType, string>> = {
  [FrameType.Meta]: "Meta",
  [FrameType.Header]: "Header",
  [FrameType.Data]: "Data",
  [FrameType.Trailer]: "Trailer",
  [FrameType.Rst]: "Rst",
};

/** Reads TTHeader Streaming. */
export class TTHeaderReader implements WireReader {
  readonly #decoders: Readonly<Record<RelayEnd, FrameDecoder>> = {
    client: new FrameDecoder(MAX_SHOWN_BYTES),
    server: new FrameDecoder(MAX_SHOWN_BYTES),
  };
  readonly #see: (seen: Seen) => void;
  readonly #messages: MessageReader;
  /** The services of the streams: only a Header names one. */
  readonly #services = new StreamTable<string>();

  constructor(see: (seen: Seen) => void, messages: MessageReader) {
    this.#see = see;
    this.#messages = messages;
  }

  read(from: RelayEnd, bytes: Bytes): void {
    const decoder = this.#decoders[from];
    decoder.push(bytes);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) this.#frame(from, frame);
  }

  #frame(from: RelayEnd, frame: Frame): void {
    const { type, streamId, metadata } = frame;
    const service = metadata.get(SERVICE_KEY);
    if (type === FrameType.Header && from === "client" && service !== undefined) {
      this.#services.begin(streamId, service);
    }
    const known = this.#services.get(streamId);
    const method = known === undefined || frame.method === "" ? frame.method : `${known}/${frame.method}`;
    const meaning = this.#meaning(from, frame, method);
    this.#see({
      from,
      ...(streamId === 0 ? {} : { stream: streamId }),
      kind: NAMES[type],
      ...(method === "" ? {} : { method }),
      ...(metadata.size === 0 ? {} : { keys: [...metadata] }),
      ...(type === FrameType.Data || frame.payload.length > 0 ? { bytes: frame.payload.length } : {}),
      ...meaning,
    });
    if (meaning.end !== undefined) this.#services.end(streamId);
  }

  #meaning(from: RelayEnd, frame: Frame, method: string): Partial<Seen> {
    // An error reads as it does at the end that it comes to.
    const where: Where = { side: from === "client" ? "server" : "client" };
    switch (frame.type) {
      case FrameType.Meta:
        return {};
      case FrameType.Header:
        return { mark: "header", begins: from === "client" };
      case FrameType.Data:
        return { mark: "message", ...readMessage(this.#messages, method, from, frame.payload) };
      case FrameType.Rst:
        return { mark: "cancel", ...ended(errorOfRst(frame, where)) };
      case FrameType.Trailer: {
        const error = errorOfTrailer(frame, where);
        if (from === "client" && error === undefined) return { mark: "half close" };
        return { mark: "trailer", ...ended(error) };
      }
    }
  }
}

/** What an end of a stream says. */
function ended(
  error: Error | undefined,
): { readonly end: StreamEnd; readonly text?: string; readonly failed?: true } {
  if (error === undefined) return { end: { how: "well", text: "" } };
  const canceled = isStreamError(error) && !isBizStatusError(error) && error.kind === "canceled";
  return {
    text: error.message,
    failed: true,
    end: { how: canceled ? "cancel" : "error", text: error.message },
  };
}
