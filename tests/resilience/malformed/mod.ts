import type { Malformed } from "./case.ts";
import { foreign } from "./foreign.ts";
import { frames } from "./frames.ts";
import { info } from "./info.ts";
import { order } from "./order.ts";
import { payloads } from "./payloads.ts";

export type { Malformed } from "./case.ts";

/** Everything that a server may get and should not. */
export const malformed: readonly Malformed[] = [...frames, ...info, ...order, ...payloads, ...foreign];
