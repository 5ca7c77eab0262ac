/** Where there is no browser the tests that need one say so aloud, and are counted as skipped. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

for (const file of ["accessibility_test.ts", "browser_test.ts"]) {
  Deno.test(`without a browser ${file} says so, and is skipped`, async () => {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", new URL(file, import.meta.url).pathname],
      env: { NO_COLOR: "1", CHROMIUM: "/nowhere" },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assertStringIncludes(decoder.decode(stdout), "no Chromium here: the chat is not tested in a browser");
    assertMatch(decoder.decode(stdout), /ok \| 0 passed \| 0 failed \| [1-9]\d* ignored/);
    assertEquals(code, 0);
  });
}
