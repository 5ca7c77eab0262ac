import { type Flavour, raw } from "./flavour.ts";

/** Calls `use` with the flavour of that name. Only that one is loaded: what starts cold must not load the others. */
export async function withFlavour<R>(
  name: string | undefined,
  use: <T>(flavour: Flavour<T>) => R,
): Promise<R> {
  if (name === "raw") return use(raw);
  if (name === "thrift") return use((await import("./thrift.ts")).thrift);
  if (name === "protobuf") return use((await import("./protobuf.ts")).protobuf);
  throw new Error(`no flavour ${name}`);
}
