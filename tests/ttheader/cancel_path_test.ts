import { assertEquals } from "@std/assert";
import { joinCancelPath } from "../../src/ttheader/cancel_path.ts";

Deno.test("joinCancelPath joins the names by commas, as Kitex does", () => {
  assertEquals([joinCancelPath([]), joinCancelPath(["A"]), joinCancelPath(["A", "B", "C"])], [
    "",
    "A",
    "A,B,C",
  ]);
});

Deno.test("joinCancelPath lets the oldest names give way where a frame has no room for all, counted as UTF-8", () => {
  const long = "é".repeat(32_766); // 65,532 bytes
  assertEquals(joinCancelPath(["A", long, "B"]), `${long},B`); // 65,534
  assertEquals(joinCancelPath([long, "AB"]), `${long},AB`); // 65,535, the limit
  assertEquals(joinCancelPath([long, "ABC"]), "ABC");
  assertEquals(joinCancelPath(["x".repeat(65_536)]), "");
});

Deno.test("joinCancelPath keeps the last of very many names", () => {
  const names = Array.from({ length: 100_000 }, (_, i) => String(i % 10));
  const kept = joinCancelPath(names).split(",");
  assertEquals(kept.length, 32_768);
  assertEquals(kept, names.slice(-32_768));
});
