/** A service of unary Thrift methods, its argument and result structs written by hand. */
import { type Codec, defineService } from "../../mod.ts";
import { field, i32, string, struct } from "../../src/thrift/mod.ts";

const StringArgs = struct("StringArgs", { req: field(1, string) });
const StringResult = struct("StringResult", {
  success: field(0, string, { optional: true }),
  missing: field(1, struct("NotThere", { what: field(1, string), tries: field(2, i32) }), { optional: true }),
});
const NoResult = struct("NoResult", {});

/** The exception that `Find` declares. */
export class NotThere extends Error {
  override readonly name = "NotThere";
  readonly what: string;
  readonly tries: number;

  constructor(what: string, tries: number) {
    super(`${what} is not there`);
    this.what = what;
    this.tries = tries;
  }
}

/** The arguments of a method that takes a string. */
export const stringArgs: Codec<string> = {
  encoding: "thrift",
  encode: (req) => StringArgs.encode({ req }),
  decode: (payload) => StringArgs.decode(payload).req,
};

export const stringResult: Codec<string> = {
  encoding: "thrift",
  encode(result: unknown) {
    if (!(result instanceof NotThere)) return StringResult.encode({ success: String(result) });
    const { what, tries } = result;
    return StringResult.encode({ missing: { what, tries } });
  },
  decode(payload) {
    const { success, missing } = StringResult.decode(payload);
    if (success !== undefined) return success;
    throw missing === undefined ? new Error("missing result") : new NotThere(missing.what, missing.tries);
  },
};

const noResult: Codec<void> = {
  encoding: "thrift",
  encode: () => NoResult.encode({}),
  decode: (payload) => void NoResult.decode(payload),
};

export const Words = defineService("Words", {
  shout: { kind: "unary", name: "Shout", request: stringArgs, response: stringResult },
  find: { kind: "unary", name: "Find", request: stringArgs, response: stringResult, throws: [NotThere] },
  note: { kind: "unary", name: "Note", request: stringArgs, response: noResult, oneway: true },
  repeat: { kind: "server", name: "Repeat", request: stringArgs, response: stringResult },
});
