import { type Protocol, ttheader } from "../../../mod.ts";
import { grpc } from "../../../src/grpc/mod.ts";

/** The protocol of that name. */
export function protocolNamed(name: string | undefined): Protocol {
  if (name === "ttheader") return ttheader();
  if (name === "grpc") return grpc();
  throw new Error(`no protocol ${name}`);
}
