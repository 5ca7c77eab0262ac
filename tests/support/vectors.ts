import type { Bytes } from "../../mod.ts";
import { type Frame, FrameType } from "../../src/ttheader/frame.ts";
import { fromHex } from "./hex.ts";

/** What the recording programs noted of a frame; a chunk that they could not read has its bytes alone. */
interface FrameRecord {
  readonly conn?: number;
  readonly dir?: "c2s" | "s2c";
  readonly hex?: string;
  readonly frameType?: string;
  readonly seqId?: number;
  readonly intInfo?: Readonly<Record<string, string>>;
  readonly strInfo?: Readonly<Record<string, string>>;
  readonly aclToken?: string;
  readonly payloadHex?: string;
  readonly exception?: { readonly f1_string?: string; readonly f2_i32?: number };
}

interface ConversationRecord {
  readonly scenario: string;
  readonly frames: readonly FrameRecord[];
  readonly framesBC?: readonly FrameRecord[];
}

/** A recorded chunk of bytes: a frame, or what a program sent in a frame's place. */
export interface RecordedFrame {
  readonly scenario: string;
  /** Which connection of the recording it went over, `BC1` for the second hop of a chain. */
  readonly connection: string;
  readonly dir: "c2s" | "s2c";
  readonly bytes: Bytes;
  /** Its fields; `undefined` where the recording has none. */
  readonly fields: Frame | undefined;
  /** What its payload says, where that is an exception. */
  readonly exception: { readonly type: number; readonly message: string } | undefined;
}

/** A conversation with Kitex v0.16.3, as it was recorded. */
export interface Conversation {
  readonly scenario: string;
  readonly frames: readonly RecordedFrame[];
  /** The whole recording as text, for what its programs printed. */
  readonly text: string;
}

/** All recorded conversations, by name. */
export function conversations(): Conversation[] {
  const folder = new URL("../vectors/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".json"))
    .sort();
  return names.map((name) => read(new URL(name, folder)));
}

/** One recorded conversation. */
export function conversation(scenario: string): Conversation {
  return read(new URL(`../vectors/${scenario}.json`, import.meta.url));
}

/** The frames that went one way over the first connection. */
export function oneWay({ frames }: Conversation, dir: "c2s" | "s2c"): RecordedFrame[] {
  return frames.filter((frame) => frame.dir === dir && frame.connection === "1");
}

function read(url: URL): Conversation {
  const text = Deno.readTextFileSync(url);
  const { scenario, frames, framesBC = [] }: ConversationRecord = JSON.parse(text);
  const hops = [
    ...frames.map((record) => ({ hop: "", record })),
    ...framesBC.map((record) => ({ hop: "BC", record })),
  ];
  return {
    scenario,
    text,
    frames: hops.flatMap(({ hop, record }) => {
      const { conn, dir, hex } = record;
      if (conn === undefined || dir === undefined || hex === undefined) return [];
      const { exception } = record;
      return [{
        scenario,
        connection: `${hop}${conn}`,
        dir,
        bytes: fromHex(hex),
        fields: fieldsOf(record),
        exception: exception && { type: exception.f2_i32 ?? 0, message: exception.f1_string ?? "" },
      }];
    }),
  };
}

const TYPES: Readonly<Record<string, FrameType>> = {
  meta: FrameType.Meta,
  header: FrameType.Header,
  data: FrameType.Data,
  trailer: FrameType.Trailer,
  rst: FrameType.Rst,
};

function fieldsOf(
  { frameType, seqId, intInfo, strInfo, aclToken, payloadHex }: FrameRecord,
): Frame | undefined {
  const type = frameType === undefined ? undefined : TYPES[frameType];
  if (type === undefined || seqId === undefined) return undefined;
  const metadata = new Map(Object.entries(strInfo ?? {}));
  if (aclToken !== undefined) metadata.set("RPC_TRANSIT_gdpr-token", aclToken);
  return {
    type,
    streamId: seqId,
    method: intInfo?.["9 ToMethod"] ?? "",
    metadata,
    payload: fromHex(payloadHex ?? ""),
  };
}
