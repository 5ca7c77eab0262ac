/** Dynamic services, served and called over TCP in both protocols, with each other and with generated ones. */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { createClient, type Handler, implement, type Protocol, ttheader } from "../../mod.ts";
import { DynamicException, loadService } from "../../src/dynamic/mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import * as everything from "../thriftgen/golden/generated/everything.ts";

const protocols = [ttheader(), grpc()];
const golden = new URL("../thriftgen/golden/everything.thrift", import.meta.url);

const Calls = loadService(golden, "Calls", {
  methods: { add: "unary", choose: "unary", colours: "unary", aMethodWithALongNameThatLeavesNoRoom: "unary" },
});
const Chat = loadService(golden, "Chat", {
  methods: {
    SayHello: "bidirectional",
    list_extras: "server",
    UPLOAD_ALL: "client",
    Once: "unary",
    fire: "unary",
    ping: "unary",
  },
});

async function serving(
  handler: Handler,
  protocol: Protocol,
  use: (connection: Awaited<ReturnType<typeof connectTo>>) => Promise<void>,
  onError: (error: unknown) => void = () => {},
): Promise<void> {
  await using server = serveLocally(handler, { protocols: [protocol], onError });
  await using connection = await connectTo(server, { protocol });
  await use(connection);
}

for (const protocol of protocols) {
  Deno.test(`dynamic client and server stream JSON in all three ways over ${protocol.name}`, async () => {
    const handler = implement(Chat, {
      async *SayHello({ readable }) {
        for await (const point of readable) yield { value: JSON.stringify(point) };
      },
      async *list_extras(base) {
        await Promise.resolve();
        for (const i of [1, 2]) yield { extra: { base: JSON.stringify(base), i: String(i) } };
      },
      async UPLOAD_ALL({ readable }) {
        let x = 0;
        for await (const _ of readable) x++;
        return { x };
      },
    });
    await serving(handler, protocol, async (connection) => {
      const client = createClient(Chat, connection);
      const hello = client.SayHello();
      await hello.sendAll([{ x: 1, color: "BLUE" }, { x: 2, weights: { "-7": "NaN" } }]);
      assertEquals(await Array.fromAsync(hello.readable), [
        { value: '{"x":1,"y":3,"weights":{},"color":"BLUE"}', children: [] },
        { value: '{"x":2,"y":3,"weights":{"-7":"NaN"},"color":"GREEN"}', children: [] },
      ]);
      const extras = await Array.fromAsync(client.list_extras({ id: "b" }));
      assertEquals(
        extras,
        [1, 2].map((i) => ({ extra: { base: '{"id":"b","extra":{"extra":{}}}', i: String(i) } })),
      );
      const upload = client.UPLOAD_ALL();
      await upload.sendAll([{ levels: [] }, { levels: ["HIGH"] }]);
      assertEquals(await upload.response, { x: 2, y: 3, weights: {}, color: "GREEN" });
    });
  });

  Deno.test(`dynamic client and server call unary methods over ${protocol.name}`, async () => {
    const fired: unknown[] = [];
    const handler = implement(Chat, {
      Once: (tree) => ({ value: "root", children: [tree] }),
      fire: (args) => {
        fired.push(args);
        return null;
      },
      ping: () => null,
    });
    await serving(handler, protocol, async (connection) => {
      const client = createClient(Chat, connection);
      const leaf = { value: "leaf", children: [] };
      assertEquals(await client.Once(leaf), { value: "root", children: [leaf] });
      await client.fire({ what: "now" });
      assertEquals(await client.ping(null), null);
      assertEquals(fired, [{ what: "now", howOften: 3 }]);
    });
  });

  Deno.test(`exceptions that an IDL declares reject dynamic calls over ${protocol.name}`, async () => {
    const reported: unknown[] = [];
    const handler = implement(Calls, {
      add: () => {
        throw Calls.exception("Failure", { message: "no", code: 7 });
      },
    });
    await serving(handler, protocol, async (connection) => {
      const error = await assertRejects(async () => {
        await createClient(Calls, connection).add({ a: "1" });
      }, DynamicException);
      assertEquals([error.name, error.message, error.fields], ["Failure", "no", { message: "no", code: 7 }]);
      // The same server, a generated client.
      const generated = createClient(everything.Calls, connection);
      const failure = await assertRejects(async () => void await generated.add({ a: 1n, b: 2n }));
      assertInstanceOf(failure, everything.Failure);
      assertEquals(failure.code, 7);
    }, (error) => reported.push(error));
    assertEquals(reported, []);
  });

  Deno.test(`a dynamic client gets on with a generated server over ${protocol.name}`, async () => {
    const { Failure, Color, Point } = everything;
    const handler = implement(everything.Calls, {
      add: ({ a, b }) => {
        if (b === 0n) throw new Failure({ message: "nothing to add" });
        return a + b;
      },
      choose: (content) => content,
      colours: ({ colours }) =>
        new Map([...colours].map((colour) => [colour, [Point.create({ x: colour })]])),
      aMethodWithALongNameThatLeavesNoRoom: () => {},
    });
    await serving(handler, protocol, async (connection) => {
      const client = createClient(Calls, connection);
      assertEquals(await client.add({ a: "9007199254740993", b: 1 }), "9007199254740994");
      assertEquals(await client.choose({ text: "a" }), { text: "a" });
      assertEquals(await client.colours({ colours: ["RED", Color.BLUE] }), {
        RED: [Point.toJson(Point.create({ x: 0 }))],
        BLUE: [Point.toJson(Point.create({ x: 3 }))],
      });
      assertEquals(await client.aMethodWithALongNameThatLeavesNoRoom("x"), null);
      const error = await assertRejects(async () => void await client.add({ a: 1, b: 0 }), DynamicException);
      assertEquals(String(error), "Failure: nothing to add");
    });
  });

  Deno.test(`JSON that is no request rejects its call over ${protocol.name}, and its neighbours go on`, async () => {
    await serving(
      implement(Chat, { Once: (tree) => tree, ping: () => null }),
      protocol,
      async (connection) => {
        const client = createClient(Chat, connection);
        await assertRejects(
          async () => void await client.Once({ valeu: "x" }),
          Error,
          'Once.args.tree: has no field "valeu"',
        );
        await assertRejects(
          async () => {
            for await (const _ of client.list_extras({ id: 5 }));
          },
          Error,
          "Base.id: expected a string, got the number 5",
        );
        assertEquals(await client.ping(null), null);
      },
    );
  });

  Deno.test(`an answer that is none fails its call over ${protocol.name}, and onError is told where`, async () => {
    const reported: string[] = [];
    const handler = implement(Chat, { Once: () => ({ value: 5 }), ping: () => null });
    await serving(handler, protocol, async (connection) => {
      const client = createClient(Chat, connection);
      await assertRejects(async () => void await client.Once({ value: "x" }), Error);
      assertEquals(await client.ping(null), null);
    }, (error) => reported.push(error instanceof Error ? error.message : String(error)));
    assertEquals(reported.length, 1);
    assertEquals(
      reported[0]?.includes("Once.result.success.value: expected a string, got the number 5"),
      true,
    );
  });
}
