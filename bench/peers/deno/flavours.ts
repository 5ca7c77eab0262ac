import { type Flavour, raw } from "./flavour.ts";

/** The flavours there are. */
export const FLAVOURS: readonly string[] = ["raw"];

/** Calls `use` with the flavour of that name. */
export function withFlavour<R>(name: string | undefined, use: <T>(flavour: Flavour<T>) => R): R {
  if (name === "raw") return use(raw);
  throw new Error(`no flavour ${name}`);
}
