import { assertThrows } from "@std/assert";
import { serve } from "../../mod.ts";

Deno.test("a port in use is named, and the error keeps its class", async () => {
  await using server = serve({ hostname: "127.0.0.1", port: 0 }, () => {});
  const { port } = server.addr;
  assertThrows(
    () => serve({ hostname: "127.0.0.1", port }, () => {}),
    Deno.errors.AddrInUse,
    `cannot listen on 127.0.0.1:${port}: `,
  );
});

Deno.test("a Unix socket that cannot be made is named", () => {
  const path = "/does/not/exist/ttstream.sock";
  assertThrows(() => serve({ path }, () => {}), Deno.errors.NotFound, `cannot listen on ${path}: `);
});
