import { type Protocol, ttheader } from "../../../mod.ts";

/** The protocol of that name. Only that one is loaded. */
export async function protocolNamed(name: string | undefined): Promise<Protocol> {
  if (name === "ttheader") return ttheader();
  if (name === "grpc") return (await import("../../../src/grpc/mod.ts")).grpc();
  throw new Error(`no protocol ${name}`);
}
