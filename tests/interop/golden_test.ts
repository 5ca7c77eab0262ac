import { assert, assertEquals } from "@std/assert";
import { BizStatusError, ErrorCode, streamError } from "../../src/errors.ts";
import type { Golden } from "./harness/golden.ts";

const golden: Golden = JSON.parse(await Deno.readTextFile(new URL("./golden/texts.json", import.meta.url)));

Deno.test("TTStreamError.message is byte for byte what Kitex printed", () => {
  for (const { code, side, cancelPath, description = "", message } of golden.texts) {
    if (code === undefined) continue;
    assert(side === undefined || side === "client" || side === "server");
    assertEquals(streamError({ code, side, cancelPath, description }).message, message);
  }
});

Deno.test("BizStatusError.message is byte for byte what Kitex printed", () => {
  const texts = golden.texts.flatMap(({ message }) =>
    /^biz error: code=(-?\d+), msg=([^]*)$/.exec(message) ?? []
  );
  assert(texts.length > 0);
  for (let i = 0; i < texts.length; i += 3) {
    assertEquals(new BizStatusError(Number(texts[i + 1]), texts[i + 2] ?? "").message, texts[i]);
  }
});

Deno.test("the golden file has every code, from both sides, with no service, one and several on the path", () => {
  const have = (code: number, side: string) =>
    golden.texts.some((text) => text.code === code && text.side === side);
  for (const code of Object.values(ErrorCode)) {
    for (const side of ["client", "server"]) assert(have(code, side), `${code} at the ${side}`);
  }
  for (const length of [0, 1, 2, 3]) {
    assert(golden.texts.some(({ cancelPath = [] }) => cancelPath.length === length), `a path of ${length}`);
  }
});
