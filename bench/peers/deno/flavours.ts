import { type Flavour, raw } from "./flavour.ts";
import { protobuf } from "./protobuf.ts";
import { thrift } from "./thrift.ts";

/** Calls `use` with the flavour of that name. */
export function withFlavour<R>(name: string | undefined, use: <T>(flavour: Flavour<T>) => R): R {
  if (name === "raw") return use(raw);
  if (name === "thrift") return use(thrift);
  if (name === "protobuf") return use(protobuf);
  throw new Error(`no flavour ${name}`);
}
