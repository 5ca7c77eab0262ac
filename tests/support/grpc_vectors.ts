import type { Bytes } from "../../mod.ts";
import { fromHex } from "./hex.ts";

/** What a recording has of a frame. */
interface GrpcFrameRecord {
  readonly conn?: number;
  readonly dir?: "c2s" | "s2c";
  readonly hex?: string;
}

/** The frames that went one way over the first connection of a recorded conversation with Kitex, without a preface. */
export function grpcOneWay(scenario: string, dir: "c2s" | "s2c"): Bytes[] {
  const url = new URL(`../grpc/vectors/${scenario}.json`, import.meta.url);
  const { frames }: { frames: readonly GrpcFrameRecord[] } = JSON.parse(Deno.readTextFileSync(url));
  return frames.flatMap((frame) =>
    frame.conn === 1 && frame.dir === dir && frame.hex !== undefined ? [fromHex(frame.hex)] : []
  );
}
