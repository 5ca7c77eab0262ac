/** What a server's line says of connections that speak something else. */
import { assertEquals, assertMatch } from "@std/assert";
import { CapturedErrors } from "../support/console.ts";
import { fromHex } from "../support/hex.ts";
import { serveLocally } from "../support/loopback.ts";
import { bytes } from "../support/codecs.ts";
import { grpc } from "../../src/grpc/mod.ts";

const rows: { name: string; sent: Uint8Array; known: string }[] = [
  {
    name: "gRPC",
    sent: new Uint8Array([...bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ...fromHex("000000 04 00 00000000")]),
    known: "HTTP/2 (gRPC)",
  },
  { name: "HTTP/1, GET", sent: bytes("GET /healthz HTTP/1.1\r\n\r\n"), known: "a request of HTTP/1" },
  { name: "HTTP/1, POST", sent: bytes("POST / HTTP/1.1\r\n\r\n"), known: "a request of HTTP/1" },
  { name: "HTTP/1, HEAD", sent: bytes("HEAD / HTTP/1.1\r\n\r\n"), known: "a request of HTTP/1" },
  {
    name: "TLS",
    sent: fromHex("1603010200 010001fc0303 0000"),
    known: "TLS, and this connection is not encrypted",
  },
  { name: "SSH", sent: bytes("SSH-2.0-OpenSSH_9.6\r\n"), known: "SSH" },
];

for (const { name, sent, known } of rows) {
  for (const bytewise of [false, true]) {
    const how = bytewise ? ", byte by byte" : "";
    Deno.test(`server: ${name}${how}: one line says what came, with the first bytes and the address`, async () => {
      using errors = new CapturedErrors();
      await using server = serveLocally(() => {});
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      conn.setNoDelay(true);
      try {
        for (let at = 0, step = bytewise ? 1 : sent.length; at < sent.length; at += step) {
          await conn.write(sent.subarray(at, at + step));
        }
      } catch {
        // It has heard enough.
      }
      const [line = ""] = await errors.count(1);
      assertMatch(line, /^ttstream: connection from 127\.0\.0\.1:\d+: \[ttstream error, code=12004\] /);
      assertEquals(line.slice(line.lastIndexOf(": this is ") + ": this is ".length), known, line);
      assertEquals(await conn.read(new Uint8Array(1)).catch(() => null), null);
      conn.close();
      await server.shutdown();
      assertEquals(errors.lines.length, 1);
    });
  }
}

Deno.test("server: of gRPC alone, the line says once what is wrong with a connection of something else", async () => {
  using errors = new CapturedErrors();
  await using server = serveLocally(() => {}, { protocols: [grpc()] });
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  await conn.write(bytes("GET /healthz HTTP/1.1\r\n\r\n"));
  const [line = ""] = await errors.count(1);
  assertMatch(line, /^ttstream: connection from 127\.0\.0\.1:\d+: rpc error: code = 14 desc = /);
  assertEquals(line.split("not the HTTP/2 connection preface").length, 2, line);
  conn.close();
});
