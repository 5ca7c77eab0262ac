import { type Handler, implement } from "../../../mod.ts";
import { type DynamicMethods, type DynamicService, loadService } from "../../../src/dynamic/mod.ts";
import type { JsonValue } from "../../../src/thrift/mod.ts";
import { KITEX_JSON } from "./values.ts";

/** The IDL that both sides load. */
export const IDL: string = new URL("every.thrift", import.meta.url).pathname;

const METHODS = {
  Echo: "unary",
  Show: "unary",
  Twice: "unary",
  Leaves: "unary",
  Nothing: "unary",
  Forget: "unary",
  Refuse: "unary",
  Repeat: "server",
  Last: "client",
  Talk: "bidirectional",
} as const;

/** The service, with messages as Kitex writes them. */
export const Every: DynamicService<DynamicMethods<typeof METHODS>> = loadService(IDL, "Every", {
  ...KITEX_JSON,
  methods: METHODS,
});

/** A server that does what Kitex's does. What it was given last is told to `seen`. */
export function everyHandler(seen: (json: JsonValue) => void): Handler {
  const take = (json: JsonValue): JsonValue => {
    seen(json);
    return json;
  };
  return implement(Every, {
    Echo: take,
    Show: (everything) => JSON.stringify(take(everything)),
    Twice: (number) => String(2n * BigInt(String(take(number)))),
    Leaves: (leaves) => typeof leaves === "object" && leaves !== null ? Object.values(leaves) : [],
    Nothing(text) {
      seen(text);
      return null;
    },
    Forget(text) {
      seen(text);
      return null;
    },
    Refuse() {
      throw Every.exception("Refused", { message: "no entry", code: 7 });
    },
    async *Repeat(everything) {
      await Promise.resolve();
      for (let i = 0; i < 3; i++) yield take(everything);
    },
    async Last({ readable }) {
      let last: JsonValue = {};
      for await (const everything of readable) last = take(everything);
      return last;
    },
    async *Talk({ readable }) {
      for await (const everything of readable) yield take(everything);
    },
  });
}
