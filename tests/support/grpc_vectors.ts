import type { Bytes } from "../../mod.ts";
import { fromHex } from "./hex.ts";

/** What a recording has of a frame. */
interface GrpcFrameRecord {
  readonly conn?: number;
  readonly dir?: "c2s" | "s2c";
  readonly hex?: string;
}

/** The frames that went over the first connection of a recorded conversation, in their order, without a preface. */
export function grpcConversation(scenario: string): { readonly dir: "c2s" | "s2c"; readonly bytes: Bytes }[] {
  const url = new URL(`../grpc/vectors/${scenario}.json`, import.meta.url);
  const { frames }: { frames: readonly GrpcFrameRecord[] } = JSON.parse(Deno.readTextFileSync(url));
  return frames.flatMap(({ conn, dir, hex }) =>
    conn === 1 && dir !== undefined && hex !== undefined ? [{ dir, bytes: fromHex(hex) }] : []
  );
}

/** The frames that went one way over that connection. */
export function grpcOneWay(scenario: string, way: "c2s" | "s2c"): Bytes[] {
  return grpcConversation(scenario).flatMap(({ dir, bytes }) => dir === way ? [bytes] : []);
}
