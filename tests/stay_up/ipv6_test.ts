/** An IPv6 address with its brackets, as URLs write it, and without. */
import { assertEquals, assertThrows } from "@std/assert";
import { connect, serve } from "../../mod.ts";
import { CapturedErrors } from "../support/console.ts";
import { rejectionText } from "../support/rejection.ts";

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

const ignore = !hasIpv6();
const TARGET = { service: "Test", method: "Echo" };

for (const hostname of ["::1", "[::1]"]) {
  Deno.test({
    name: `"${hostname}": a server listens there, a client connects there`,
    ignore,
    async fn() {
      await using server = serve({ hostname, port: 0 }, (stream) => stream.sendAll(stream.readable));
      await using connection = await connect({ hostname, port: server.addr.port });
      const stream = connection.openStream(TARGET);
      await stream.send(new Uint8Array(3));
      assertEquals((await stream.readable.getReader().read()).value?.length, 3);
      await stream.cancel();
    },
  });

  Deno.test({
    name: `"${hostname}": where nobody listens the error names [::1] once`,
    ignore,
    async fn() {
      const probe = Deno.listen({ hostname: "::1", port: 0 });
      const { port } = probe.addr;
      assertThrows(() => serve({ hostname, port }, () => {}), Error, `cannot listen on [::1]:${port}: `);
      probe.close();
      const text = await rejectionText(connect({ hostname, port }));
      assertEquals(text.startsWith(`cannot connect to [::1]:${port}: `), true, text);
    },
  });

  Deno.test({
    name: `"${hostname}": the server's line about a bad client names [::1] once`,
    ignore,
    async fn() {
      using errors = new CapturedErrors();
      await using server = serve({ hostname, port: 0 }, () => {});
      const conn = await Deno.connect({ hostname: "::1", port: server.addr.port });
      await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
      const [line = ""] = await errors.count(1);
      assertEquals(/^ttstream: connection from \[::1\]:\d+: /.test(line), true, line);
      conn.close();
    },
  });
}
