import { assertEquals, assertStringIncludes } from "@std/assert";
import { createClient, createPool, serve } from "../../mod.ts";
import { until } from "./servers.ts";
import { Words, words } from "./words.ts";

const [ca = "", cert = "", key = ""] = await Promise.all(
  ["ca.pem", "localhost.pem", "localhost-key.pem"].map((name) =>
    Deno.readTextFile(new URL(`../data/tls/${name}`, import.meta.url))
  ),
);

Deno.test("A certificate must be for the serverName, where an address has one", async () => {
  await using server = serve({ port: 0, hostname: "127.0.0.1", cert, key }, words("tls"));
  const address = (serverName: string) => ({ port: server.addr.port, tls: { caCerts: [ca], serverName } });
  await using right = createPool({ addresses: [address("localhost")] });
  assertEquals(await Array.fromAsync(createClient(Words, right).ask("x")), ["tls", "x"]);
  await using wrong = createPool({ addresses: [address("chat.test")], onError: () => {} });
  await using _call = createClient(Words, wrong).ask("x");
  await until(() => wrong.stats.failedDials > 0);
  assertStringIncludes(wrong.stats.addresses[0]?.lastError ?? "", `not valid for name "chat.test"`);
});
