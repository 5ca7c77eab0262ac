import type { Malformed } from "../case.ts";
import { http2 } from "./http2.ts";
import { requestCases } from "./requests.ts";

/** Everything that a server of gRPC may get and should not. */
export const malformedGrpc: readonly Malformed[] = [...http2, ...requestCases];
