import { type WireProtocol, wireProtocol } from "../core/protocol.ts";
import { ttheader } from "../ttheader/protocol.ts";

/** What is spoken where nobody says: the one place above the protocols that names one. */
export const DEFAULT_PROTOCOL: WireProtocol = wireProtocol("protocol", ttheader());
