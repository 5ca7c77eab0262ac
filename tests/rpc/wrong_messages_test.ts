/** Messages that are none, and codecs that give none: their stream ends, and the others go on. */
import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { type Codec, createClient, defineService, TTStreamError } from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { ClientScript, lineOf, ServerScript } from "../support/script.ts";
import { untyped } from "../support/untyped.ts";

const messages: { name: string; message: unknown; shown: string }[] = [
  { name: "text", message: "hi", shown: '"hi"' },
  { name: "undefined", message: undefined, shown: "undefined" },
  { name: "an ArrayBuffer", message: new ArrayBuffer(2), shown: "[object ArrayBuffer]" },
  { name: "numbers", message: [1, 2], shown: "[object Array]" },
];

for (const { name, message, shown } of messages) {
  Deno.test(`a client's stream of bytes refuses ${name} as a message; the server hears of it, and other streams go on`, async () => {
    await using script = new ClientScript();
    const stream = script.open();
    const other = script.open();
    const expected = `a message must be a Uint8Array, got ${shown}`;
    await assertRejects(() => stream.writable.getWriter().write(untyped(message)), TypeError, expected);
    await other.writable.getWriter().close();
    const lines: string[] = [];
    for (let i = 0; i < 5; i++) {
      const frame = await script.peer.next();
      lines.push(frame === undefined ? "the end" : lineOf(frame));
    }
    assertEquals(lines, [
      "Header {isn: Test}",
      "2: Header {isn: Test}",
      `Rst 12008 ${expected} {ttscp: ServiceA}`,
      "Trailer",
      "2: Trailer",
    ]);
  });

  Deno.test(`a handler's stream of bytes refuses ${name} as a message; onError and the client hear of it`, async () => {
    await using script = new ServerScript();
    const stream = await script.opened();
    const expected = `a message must be a Uint8Array, got ${shown}`;
    const error = await assertRejects(
      () => stream.writable.getWriter().write(untyped(message)),
      TypeError,
      expected,
    );
    assertEquals(script.errors, [error]);
    assertEquals(await script.left(), ["Header", `Trailer 6 biz error: ${expected}`]);
  });
}

const codecs: { name: string; codec: Codec<string>; shown: string }[] = [
  { name: "text", codec: untyped({ encode: (message: string) => message, decode: String }), shown: '"hi"' },
  {
    name: "a promise",
    codec: untyped({ encode: () => Promise.resolve(new Uint8Array(1)), decode: String }),
    shown: "[object Promise]",
  },
  { name: "nothing", codec: untyped({ encode() {}, decode: String }), shown: "undefined" },
];

for (const { name, codec, shown } of codecs) {
  const expected = `a codec's encode must return a Uint8Array, got ${shown}`;
  const Bad = defineService("Test", {
    talk: { kind: "bidirectional", name: "Talk", request: codec, response: text },
    list: { kind: "server", name: "List", request: codec, response: text },
  });

  Deno.test(`a codec that encodes to ${name} fails its own stream alone, and nothing of it is sent`, async () => {
    await using script = new ClientScript();
    const stream = createClient(Bad, script.connection).talk();
    await assertRejects(() => stream.writable.getWriter().write("hi"), TypeError, expected);
    const other = script.open();
    await other.writable.getWriter().write(text.encode("hello"));
    const lines: string[] = [];
    for (let i = 0; i < 5; i++) {
      const frame = await script.peer.next();
      lines.push(frame === undefined ? "the end" : lineOf(frame));
    }
    assertEquals(lines, [
      "Header {isn: Test}",
      `Rst 12008 ${expected} {ttscp: ServiceA}`,
      "Trailer",
      "2: Header {isn: Test}",
      "2: Data hello",
    ]);
  });

  Deno.test(`a codec that encodes the request of a server streaming call to ${name} opens no stream`, async () => {
    await using script = new ClientScript();
    const call = createClient(Bad, script.connection).list("hi");
    const error = await assertRejects(() => Array.fromAsync(call), TTStreamError, expected);
    assertInstanceOf(error.cause, TypeError);
    assertStrictEquals(error.code, 12008);
    assertEquals(await script.left(), []);
  });
}
