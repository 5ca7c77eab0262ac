import { assert, assertEquals } from "@std/assert";
import { BizStatusError } from "../../src/core/errors.ts";
import { ErrorCode, streamError } from "../../src/ttheader/errors.ts";
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

Deno.test("the golden file has every code from both sides", () => {
  for (const code of Object.values(ErrorCode)) {
    for (const side of ["client", "server"]) {
      assert(golden.texts.some((text) => text.code === code && text.side === side), `${code} at the ${side}`);
    }
  }
});

Deno.test("the golden file has no service, one, two and three on the cancel path, from both sides", () => {
  for (const side of ["client", "server"]) {
    for (const length of [0, 1, 2, 3]) {
      const found = golden.texts.some((text) =>
        text.code === ErrorCode.Canceled && text.side === side && (text.cancelPath ?? []).length === length
      );
      assert(found, `a path of ${length} at the ${side}`);
    }
  }
});

Deno.test("the golden file has errors inside of errors: alone, from both sides, and four deep", () => {
  const cause = `[ttstream error, code=${ErrorCode.IllegalFrame}] unexpected header flags: 0`;
  for (const side of [undefined, "client", "server"]) {
    const found = golden.texts.some((text) =>
      text.code === ErrorCode.ConnectionClosed && text.side === side && text.description === cause
    );
    assert(found, `a closed connection's cause, side ${side}`);
  }
  const inner = `biz error: [ttstream error, code=${ErrorCode.ApplicationException}] [client-side stream] `;
  assert(
    golden.texts.some(({ description = "" }) => description.startsWith(inner.repeat(3) + "biz error: ")),
  );
});
