/** `send`: a message without a lock, in its place among the others, at both ends and in every form of a stream. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type ClientStream,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  serveOver,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { CALLS, Test } from "../support/calls.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { FORMS, handlerOf, openerOf, OWN } from "../support/forms.ts";
import { Gate } from "../support/gate.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { ClientScript, linesOf, ServerScript } from "../support/script.ts";
import { turns } from "../support/turns.ts";
import { encodeFrames } from "../support/wire_peer.ts";

const target = { service: "Test", method: "Echo" };
const service = Test.talk;

/** An echo of all three ways to answer. */
const echo = implement(service, {
  async echo(stream) {
    for await (const message of stream.readable) await stream.send(message);
  },
});

for (const form of FORMS) {
  Deno.test(`send() goes out and comes back: ${form.name}, at the client`, async () => {
    const [near, far] = duplexPair();
    const server = serveOver(far, echo);
    const connection = connectOver(near);
    const opener = openerOf(form, connection);
    const raw = opener.openStream(target);
    await raw.send(bytes("a"));
    assertEquals(raw.writable.locked, false);
    await raw.send(bytes("b"));
    await raw.writable.close();
    assertEquals((await Array.fromAsync(raw)).map(string), ["a", "b"]);
    const call = createClient(service, opener).echo();
    await call.send("a");
    assertEquals(call.writable.locked, false);
    await call.send("b");
    await call.writable.close();
    assertEquals(await Array.fromAsync(call), ["a", "b"]);
    await call.closed;
    await connection.close();
    await server.finished;
  });

  Deno.test(`send() goes out and comes back: ${form.name}, at the server`, async () => {
    const [near, far] = duplexPair();
    const rawEcho: Handler = async (stream) => {
      for await (const message of stream.readable) {
        await stream.send(message);
        assertEquals(stream.writable.locked, false);
      }
      if (!stream.writable.locked) await stream.writable.close();
    };
    const errors: unknown[] = [];
    const handler: Handler = (stream) => handlerOf(form, stream.service === "Test" ? echo : rawEcho)(stream);
    const server = serveOver(far, handler, { onError: (error) => errors.push(error) });
    const connection = connectOver(near);
    for (const service of ["Test", "Raw"]) {
      const stream = connection.openStream({ ...target, service });
      stream.sendAll(["a", "b", "c"].map(bytes));
      assertEquals((await Array.fromAsync(stream)).map(string), ["a", "b", "c"]);
    }
    await connection.close();
    await server.finished;
    assertEquals(errors, []);
  });

  Deno.test(`messages leave in the order of the calls, whichever way each is sent: ${form.name}, at the client`, async () => {
    await using script = new ClientScript();
    const call = createClient(service, openerOf(form, script.connection)).echo();
    const lines = linesOf(script.peer);
    const writer = call.writable.getWriter();
    void writer.write("1");
    void call.send("2");
    void call.send("3");
    void writer.write("4");
    void writer.write("5");
    void call.send("6");
    await writer.close();
    script.connection.abort();
    assertEquals(
      (await lines).filter((line) => line.startsWith("Data")),
      [1, 2, 3, 4, 5, 6].map((n) => `Data ${n}`),
    );
  });

  Deno.test(`messages leave in the order of the calls, whichever way each is sent: ${form.name}, at the server`, async () => {
    const handler = implement(service, {
      echo(stream) {
        const writer = stream.writable.getWriter();
        void writer.write("1");
        void stream.send("2");
        void stream.send("3");
        void writer.write("4");
        void stream.send("5");
        // None of them has been waited for: what a handler has written leaves before its end.
      },
    });
    await using script = new ServerScript(handlerOf(form, handler));
    await script.header();
    const lines = [];
    for (
      let frame = await script.peer.next();
      frame?.type !== FrameType.Trailer;
      frame = await script.peer.next()
    ) {
      assert(frame !== undefined);
      if (frame.type === FrameType.Data) lines.push(string(frame.payload));
    }
    assertEquals(lines, ["1", "2", "3", "4", "5"]);
    assertEquals(script.errors, []);
  });
}

/** So large that two of them stop a connection. */
const LARGE = 300 * 1024;

function labelled(label: number, size = LARGE): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).fill(label);
}

Deno.test("send() waits while the connection takes nothing, and its order is that of the calls", async () => {
  const gate = new Gate();
  const connection = connectOver(gate.duplex);
  const stream = connection.openStream(target);
  const done: number[] = [];
  for (let i = 0; i < 8; i++) {
    stream.send(labelled(i, i % 2 === 0 ? LARGE : 10)).then(() => done.push(i));
    await turns(2); // what fits goes meanwhile: the next finds another state of the connection
  }
  assert(done.length < 8, "nothing has waited");
  gate.open();
  await stream.writable.close();
  const frames = await gate.framesTo(({ type }) => type === FrameType.Trailer);
  assertEquals(frames.filter(({ type }) => type === FrameType.Data).map(({ payload }) => payload[0]), [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
  ]);
  assertEquals(done, [0, 1, 2, 3, 4, 5, 6, 7]);
  connection.abort();
  gate.hangUp();
  await connection.closed.catch(() => {});
});

Deno.test("a half close goes behind what send() still waits with", async () => {
  for (const close of ["writable.close()", "sendAll()"]) {
    const gate = new Gate();
    const connection = connectOver(gate.duplex);
    const stream = connection.openStream(target);
    const sending = [1, 2, 3].map((label) => stream.send(labelled(label)));
    const closing = close === "sendAll()" ? stream.sendAll([]) : stream.writable.close();
    await turns(5);
    gate.open();
    await Promise.all([...sending, closing]);
    const frames = await gate.framesTo(({ type }) => type === FrameType.Trailer);
    assertEquals(frames.map(({ type }) => type), [
      FrameType.Header,
      FrameType.Data,
      FrameType.Data,
      FrameType.Data,
      FrameType.Trailer,
    ], close);
    connection.abort();
    gate.hangUp();
    await connection.closed.catch(() => {});
  }
});

Deno.test("what a handler has sent and not waited for leaves before its Trailer", async () => {
  const gate = new Gate();
  const returned = Promise.withResolvers<void>();
  const server = serveOver(gate.duplex, (stream) => {
    for (const label of [1, 2, 3, 4]) void stream.send(labelled(label));
    returned.resolve();
  });
  gate.give(encodeFrames({ type: FrameType.Header, metadata: { isn: "Test" } }));
  await returned.promise;
  await turns(5);
  gate.open();
  const frames = await gate.framesTo(({ type }) => type === FrameType.Trailer);
  const data = frames.filter(({ type }) => type === FrameType.Data);
  assertEquals(data.map(({ payload }) => payload[0]), [1, 2, 3, 4]);
  server.abort();
  gate.hangUp();
  await server.finished.catch(() => {});
});

Deno.test("a send() that waits rejects with the stream's end, and its neighbours' go on", async () => {
  const gate = new Gate();
  const connection = connectOver(gate.duplex);
  const stream = connection.openStream(target);
  const neighbour = connection.openStream(target);
  void stream.send(labelled(1));
  void stream.send(labelled(2));
  const waiting = stream.send(labelled(3));
  const writer = stream.writable.getWriter();
  const written = writer.write(labelled(4));
  const behind = stream.send(labelled(5));
  const other = neighbour.send(labelled(6));
  stream.cancel("enough");
  for (const promise of [waiting, written, behind, stream.send(labelled(7))]) {
    assertStringIncludes(await rejectionText(promise), "enough");
  }
  gate.open();
  await other;
  const frames = await gate.framesTo(({ streamId, type }) => streamId !== 1 && type === FrameType.Data);
  assertEquals(frames.findLast(({ streamId }) => streamId !== 1)?.payload[0], 6);
  connection.abort();
  gate.hangUp();
  await connection.closed.catch(() => {});
});

for (const form of FORMS) {
  Deno.test(`send() after the half close is refused, after the end it rejects with it, and nobody need await it: ${form.name}`, async () => {
    for (const { name, open } of CALLS) {
      if (name === "server streaming") continue;
      await using script = new ClientScript();
      const call = open(script.connection, form);
      assert(isSending(call));
      await script.peer.expect(FrameType.Header);
      await call.writable.close();
      const error = await rejection(call.send(bytes("x")));
      if (form === OWN) {
        assert(error instanceof TTStreamError);
        assertEquals([error.code, error.service, error.method], [12005, "Test", "Echo"]);
      }
      call.cancel("over");
      void call.send(bytes("x"));
      assert(await rejection(call.send(bytes("y"))) instanceof Error);
      await turns(2); // an unhandled rejection would fail the test
    }
  });
}

function isSending(call: object): call is Pick<ClientStream, "send" | "writable"> {
  return "send" in call && "writable" in call;
}

Deno.test("a message that cannot be encoded rejects its send() and ends the stream, so that the peer hears why", async () => {
  const bad = {
    encode(message: string): Uint8Array {
      if (message === "bad") throw new RangeError("too odd");
      return bytes(message);
    },
    decode: string,
  };
  const odd = defineService("Test", {
    echo: { kind: "bidirectional", name: "Echo", request: bad, response: text },
  });
  for (const form of FORMS) {
    await using script = new ClientScript();
    const call = createClient(odd, openerOf(form, script.connection)).echo();
    await script.peer.expect(FrameType.Header);
    assertEquals(await rejectionText(call.send("bad")), "too odd", form.name);
    assertStringIncludes(await rejectionText(call.closed), "too odd");
    assertEquals((await script.peer.expect(FrameType.Rst)).streamId, 1);
  }
});
