/** What cannot be looked at, and hooks of the user's that fail, end their stream or their call, and no process. */
import { assertEquals, assertMatch } from "@std/assert";
import { run } from "../support/child.ts";
import { strange } from "./strange.ts";

const REASONS = Object.keys(strange).length;

Deno.test("reasons that cannot be looked at end their stream at both ends, by every way to give one, and no process", async () => {
  const { code, stdout, stderr } = await run("stay_up/strange_program.ts");
  assertEquals(stdout, `${REASONS} reasons, 0 lost\n`, stderr);
  assertEquals(code, 0);
  // The default onError has said which handler it was, whatever it could say of the error.
  assertMatch(stderr, /^the handler of Test\/Echo failed: a value that cannot be looked at$/m);
});

Deno.test("hooks and codecs that throw or reject, with whatever value, end no process and harm no other stream", async () => {
  const { code, stdout, stderr } = await run("stay_up/hooks_program.ts");
  assertEquals(stdout, `${REASONS} reasons, 0 lost\n`, stderr);
  assertEquals(code, 0);
  for (const hook of ["onError threw", "onError rejected", "onListen rejected", "onConnectionError threw"]) {
    assertMatch(stderr, new RegExp(`^ttstream: ${hook}:`, "m"));
  }
});
