import { type Frame, FrameType, NO_PAYLOAD } from "../../src/ttheader/frame.ts";
import { exceptionPayload, nameOf } from "../support/wire_peer.ts";
import { bytes, string } from "../support/codecs.ts";
import { exceptionOf } from "../support/wire_peer.ts";

/** What an exception on the wire says; `"junk"` is a payload that is none. */
export type Said = { readonly type: number; readonly message: string } | "junk";

/** A frame, as the model speaks of it. */
export type ModelFrame =
  & { readonly id: number; readonly meta?: Readonly<Record<string, string>> }
  & (
    | { readonly t: "Header" }
    | { readonly t: "Meta" }
    | { readonly t: "Data"; readonly message: Message }
    | { readonly t: "Trailer" | "Rst"; readonly said?: Said }
  );

/** A message: its number on its stream, and how many bytes it has. */
export interface Message {
  readonly n: number;
  readonly size: number;
}

export const METHOD = "Echo";
const JUNK = new Uint8Array([1, 2, 3]);

export function payloadOf({ n, size }: Message): Uint8Array {
  return bytes(`${n}`.padEnd(size, "."));
}

/** A message as it stands in a log. */
export function showPayload(payload: Uint8Array): string {
  return `${parseInt(string(payload.subarray(0, 12)))} of ${payload.length} bytes`;
}

export function showMessage({ n, size }: Message): string {
  return `${n} of ${Math.max(size, `${n}`.length)} bytes`;
}

/** The bytes that count for a message that nobody has read. */
export function costOf({ size, n }: Message): number {
  return Math.max(size, `${n}`.length) + 64;
}

export function frameOf(frame: ModelFrame): Frame {
  return {
    type: FrameType[frame.t],
    streamId: frame.id,
    method: frame.t === "Meta" ? "" : METHOD,
    metadata: new Map(Object.entries(frame.meta ?? {})),
    payload: new Uint8Array(payloadBytes(frame)),
  };
}

function payloadBytes(frame: ModelFrame): Uint8Array {
  if (frame.t === "Data") return payloadOf(frame.message);
  if (frame.t !== "Trailer" && frame.t !== "Rst") return NO_PAYLOAD;
  if (frame.said === undefined) return NO_PAYLOAD;
  return frame.said === "junk" ? JUNK : exceptionPayload(frame.said, METHOD, frame.id);
}

/** A frame as a line. */
export function lineOf(frame: Frame): string {
  const { type, streamId, payload, metadata } = frame;
  const meta = [...metadata].sort().map(([key, value]) => `${key}: ${value}`).join(", ");
  return `${streamId}: ${nameOf(type)} ${said(frame, type === FrameType.Data, payload)} {${meta}}`;
}

function said(frame: Frame, isData: boolean, payload: Uint8Array): string {
  if (isData) return showPayload(payload);
  if (payload.length === 0) return "";
  if (payload.length === JUNK.length) return "junk";
  const { type, message } = exceptionOf(frame);
  return `${type} ${message}`;
}
