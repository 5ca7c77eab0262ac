import type { HeaderField } from "../../src/http2/hpack/field.ts";
import type { Bytes } from "../../src/base/buffer.ts";
import { Flag, FRAME_HEADER_SIZE, FrameType } from "../../src/http2/frame.ts";
import { frame, headers, rst } from "../http2/wire.ts";
import { fromHex } from "../support/hex.ts";
import { lineOf, type PeerFrame } from "./http2_peer.ts";

/** What a program of a recorded conversation noted. */
export interface RecordedEvent {
  readonly ev: string;
  readonly err?: {
    readonly text: string;
    readonly biz?: { readonly code: number; readonly msg: string; readonly extra: Record<string, string> };
  } | null;
}

/** A frame of a recorded conversation. */
interface RecordedFrame {
  readonly dir: "c2s" | "s2c";
  readonly h2?: string;
  readonly hex: string;
  readonly stream: number;
  readonly headers?: readonly string[];
  readonly errorCode?: number;
}

/** A recorded conversation with Kitex, over gRPC. */
interface Recording {
  readonly client: readonly RecordedEvent[];
  readonly server?: readonly RecordedEvent[];
  readonly serverB?: readonly RecordedEvent[];
  readonly serverC?: readonly RecordedEvent[];
  readonly frames: readonly RecordedFrame[];
  readonly framesBC?: readonly RecordedFrame[];
}

/** Reads a recording by its name. */
export async function recording(name: string): Promise<Recording> {
  return JSON.parse(await Deno.readTextFile(new URL(`./vectors/${name}.json`, import.meta.url)));
}

/** The text that a program of Kitex's printed at `ev`; a test that asks for one which is not there fails. */
export function textAt(events: readonly RecordedEvent[] | undefined, ev: string): string {
  for (const event of events ?? []) if (event.ev === ev && event.err) return event.err.text;
  throw new Error(`the recording has no error at "${ev}"`);
}

/** One frame of a conversation that counts: what windows, settings and PINGs say does not. */
export interface Step {
  readonly by: "client" | "server";
  readonly frame: PeerFrame;
}

/** The frames that count, in their order. */
export function stepsOf(frames: readonly RecordedFrame[] | undefined): Step[] {
  return (frames ?? []).flatMap((recorded) => {
    const parsed = parse(recorded);
    return parsed === undefined ? [] : [{ by: recorded.dir === "c2s" ? "client" : "server", frame: parsed }];
  });
}

function parse({ h2, hex, stream: id, headers, errorCode = 0 }: RecordedFrame): PeerFrame | undefined {
  if (hex === undefined) return undefined;
  const bytes = fromHex(hex);
  const end = ((bytes[4] ?? 0) & Flag.END_STREAM) !== 0;
  switch (h2) {
    case "HEADERS":
      return { type: "HEADERS", id, end, fields: (headers ?? []).map(fieldOf) };
    case "DATA":
      return { type: "DATA", id, end, bytes: bytes.slice(FRAME_HEADER_SIZE) };
    case "RST_STREAM":
      return { type: "RST_STREAM", id, code: errorCode };
  }
}

/** `name: value`; the name may begin with a colon itself. */
function fieldOf(line: string): HeaderField {
  const colon = line.indexOf(":", 1);
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** The frame, to be sent again. */
export function bytesOf(frameOf: PeerFrame): Bytes {
  switch (frameOf.type) {
    case "HEADERS":
      return headers(frameOf.id, frameOf.fields, frameOf.end ? Flag.END_STREAM : Flag.NONE);
    case "DATA":
      return frame(FrameType.DATA, frameOf.end ? Flag.END_STREAM : Flag.NONE, frameOf.id, frameOf.bytes);
    case "RST_STREAM":
      return rst(frameOf.id, frameOf.code);
    case "GOAWAY":
      throw new Error("no recording has a GOAWAY");
  }
}

/** Fields of Kitex's that say nothing of the stream, or that are the one's own. */
const OWN: ReadonlySet<string> = new Set([
  "grpc-timeout",
  "grpc-message",
  "source-service",
  "source-method",
  "destination-service",
  "destination-method",
]);

/** A frame as a line, without what may differ between two programs that mean the same. */
export function meaningOf(of: PeerFrame): string {
  if (of.type !== "HEADERS") return lineOf(of);
  return lineOf({ ...of, fields: of.fields.filter(([name, value]) => !OWN.has(name) && value !== "") });
}
