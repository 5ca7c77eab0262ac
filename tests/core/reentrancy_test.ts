// Codecs are the user's code, and run in the middle of a frame or of a read: whatever they do there, frames stay whole.
import { assertEquals, assertRejects } from "@std/assert";
import { type Codec, createClient, defineService, implement } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { text } from "../support/codecs.ts";
import { rejectionText } from "../support/rejection.ts";
import { ClientScript, linesOf, ServerScript } from "../support/script.ts";

/** A service whose messages are encoded and decoded by `codec`. */
function service(codec: Codec<string>) {
  return defineService("Test", {
    echo: { kind: "bidirectional", name: "Echo", request: codec, response: codec },
    ask: { kind: "server", name: "Ask", request: text, response: codec },
  });
}

/** A codec that calls `task` between the halves of a message. */
function interrupted(task: () => void): { name: string; codec: Codec<string> }[] {
  const { encode, decode } = text;
  return [{
    name: "encode",
    codec: {
      encode(message) {
        task();
        return encode(message);
      },
      decode,
    },
  }, {
    name: "encodeInto",
    codec: {
      encode,
      decode,
      encodeInto(message, buffer) {
        buffer.writeUtf8(message.slice(0, 2));
        task();
        buffer.writeUtf8(message.slice(2));
      },
    },
  }];
}

const CANCEL = ["Rst 12008 stop {ttscp: ServiceA}", "Trailer"];

let cancel = () => {};
for (const { name, codec } of interrupted(() => cancel())) {
  Deno.test(`a codec that cancels its stream in ${name} leaves the frames whole`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    cancel = () => controller.abort("stop");
    const stream = createClient(service(codec), script.connection).echo({ signal: controller.signal });
    const writer = stream.writable.getWriter();
    await writer.write("hello");
    assertEquals(
      await rejectionText(writer.closed),
      "[ttstream error, code=12008] [client-side stream] stop",
    );
    assertEquals(await script.left(), ["Header {isn: Test}", "Data hello", ...CANCEL]);
  });
}

let send = () => {};
for (const { name, codec } of interrupted(() => send())) {
  Deno.test(`a codec that sends on other streams in ${name} leaves the frames whole`, async () => {
    await using script = new ClientScript();
    const client = createClient(service(codec), script.connection);
    const sent: Promise<void>[] = [];
    let left = 2;
    send = () => {
      if (left-- === 0) return;
      const other = client.echo();
      sent.push(other.writable.getWriter().write(`other ${left}`));
    };
    const stream = client.echo();
    sent.push(stream.writable.getWriter().write("hello"));
    await Promise.all(sent);
    script.connection.abort("stop");
    assertEquals((await script.left()).filter((line) => !/Rst|Trailer/.test(line)), [
      "Header {isn: Test}",
      "Data hello",
      "2: Header {isn: Test}",
      "2: Data other 1",
      "3: Header {isn: Test}",
      "3: Data other 0",
    ]);
  });
}

Deno.test("a codec that cancels its stream and then throws: the peer hears of the cancel", async () => {
  await using script = new ClientScript();
  const controller = new AbortController();
  const encode = (): never => {
    controller.abort("stop");
    throw new Error("bad message");
  };
  const client = createClient(service({ ...text, encode }), script.connection);
  const stream = client.echo({ signal: controller.signal });
  await assertRejects(() => stream.writable.getWriter().write("hello"), Error, "bad message");
  assertEquals(await script.left(), ["Header {isn: Test}", ...CANCEL]);
});

Deno.test("a codec that cuts its connection in encode at the server leaves the frames whole", async () => {
  let cut = () => {};
  const [, encodesInto] = interrupted(() => cut());
  const handler = implement(service(encodesInto?.codec ?? text), {
    async *echo() {
      yield "hello";
    },
    async ask() {},
  });
  await using script = new ServerScript(handler);
  cut = () => script.connection.abort("enough");
  await script.header();
  assertEquals(await linesOf(script.peer), ["Header", "Data hello", "Trailer 6 enough"]);
});

Deno.test("a codec that cancels its stream in decode ends the reading, and nothing is left unread", async () => {
  let leave = () => {};
  const decode = (payload: Uint8Array<ArrayBuffer>) => {
    leave();
    return text.decode(payload);
  };
  await using script = new ClientScript();
  const controller = new AbortController();
  const call = createClient(service({ ...text, decode }), script.connection).ask("?", {
    signal: controller.signal,
  });
  leave = () => controller.abort("stop");
  const reading = Array.fromAsync(call.readable);
  await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data }, { type: FrameType.Data });
  assertEquals(await rejectionText(reading), "[ttstream error, code=12008] [client-side stream] stop");
  assertEquals((await script.left()).at(-1), "Rst 12008 stop {ttscp: ServiceA}");
});
