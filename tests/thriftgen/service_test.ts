/** A generated service, served and called over TCP: its types are what client and server infer theirs from. */
import { assertEquals, assertRejects } from "@std/assert";
import { connect, createClient, implement, serve, ttheader } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { Chat, MAX_PAGE, Point, SharedBase, type Tree } from "./golden/generated/everything.ts";

Deno.test("A generated service streams the structs of its IDL in all three ways", async () => {
  const handler = implement(Chat, {
    async *inherited(extra) {
      await Promise.resolve();
      for (const id of extra.extra.keys()) yield SharedBase.create({ id });
    },
    async *sayHello({ readable }) {
      for await (const { x, label } of readable) yield { value: `${label} ${x}`, children: [] };
    },
    listExtras: async function* ({ id }) {
      await Promise.resolve();
      yield { extra: new Map([["id", id]]) };
    },
    uploadAll: () => Point.create(),
    then_: () => ({ value: "then", children: [] }),
  });
  await using server = serve({ hostname: "127.0.0.1", port: 0 }, handler);
  await using connection = await connect({ hostname: "127.0.0.1", port: server.addr.port });
  const client = createClient(Chat, connection);

  const hello = client.sayHello();
  const writer = hello.writable.getWriter();
  await writer.write(Point.create({ label: "first" }));
  await writer.write(Point.create({ label: "second", x: 2 }));
  await writer.close();
  const trees: Tree[] = await Array.fromAsync(hello.readable);
  assertEquals(trees.map(({ value }) => value), [`first ${MAX_PAGE}`, "second 2"]);

  const bases: SharedBase[] = await Array.fromAsync(
    client.inherited({ extra: new Map([["a", ""], ["b", ""]]) }),
  );
  assertEquals(bases.map(({ id }) => id), ["a", "b"]);

  const upload = client.uploadAll();
  await upload.writable.close();
  assertEquals((await upload.response).x, MAX_PAGE);
});

Deno.test("A part of a generated service can be served: its other methods are unknown, whatever their kind", async () => {
  const once: Tree = { value: "once", children: [] };
  const handler = implement(Chat, { once: () => once });
  const protocols = [ttheader(), grpc()];
  await using server = serve({ hostname: "127.0.0.1", port: 0, protocols }, handler);
  for (const protocol of protocols) {
    await using connection = await connect({ hostname: "127.0.0.1", port: server.addr.port, protocol });
    const client = createClient(Chat, connection);
    assertEquals(await client.once(once), once);
    await assertRejects(async () => void await client.ping(), Error, "unknown method ping");
    await assertRejects(() => Array.fromAsync(client.hidden(once)), Error, "unknown method _hidden");
    await assertRejects(() => client.uploadAll().response, Error, "unknown method UPLOAD_ALL");
    assertEquals(await client.once(once), once);
  }
});
