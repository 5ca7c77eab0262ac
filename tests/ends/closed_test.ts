/** `closed` says how a call of any kind, in any form, has ended: for every row of the README's table, and once. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  BizStatusError,
  type Call,
  connectOver,
  createClient,
  defineService,
  StreamError,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { CALLS } from "../support/calls.ts";
import { bytes } from "../support/codecs.ts";
import { FORMS, OWN } from "../support/forms.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";
import { CANCELED, ClientScript } from "../support/script.ts";
import { turns } from "../support/turns.ts";
import { exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

interface Acting {
  readonly call: Call;
  readonly script: ClientScript;
  readonly controller: AbortController;
}

interface Row {
  readonly name: string;
  readonly options?: { timeoutMs?: number };
  end(acting: Acting): unknown;
  /** What `closed` rejects with; absent where it resolves. */
  readonly says?: string;
}

const trailer = (more: Partial<FrameInit> = {}): FrameInit => ({ type: FrameType.Trailer, ...more });
const mine = "[client-side stream] ";

const ROWS: readonly Row[] = [
  { name: "the server ends it well", end: ({ script }) => script.peer.send(trailer()) },
  {
    name: "a business error",
    end: ({ script }) =>
      script.peer.send(trailer({ metadata: { "biz-status": "404", "biz-message": "no" } })),
    says: "biz error: code=404, msg=no",
  },
  {
    name: "an exception",
    end: ({ script }) =>
      script.peer.send(trailer({ payload: exceptionPayload({ type: 6, message: "biz error: boom" }) })),
    says: `[ttstream error, code=12001] ${mine}biz error: boom`,
  },
  {
    name: "a Trailer that says nothing readable",
    end: ({ script }) => script.peer.send(trailer({ payload: bytes("?") })),
    says: "code=12004",
  },
  {
    name: "a Rst",
    end: ({ script }) =>
      script.peer.send({
        type: FrameType.Rst,
        metadata: { ttscp: "B" },
        payload: exceptionPayload({ type: 12007, message: "so" }),
      }),
    says: `[ttstream error, code=12007] ${mine}[canceled path: B] so`,
  },
  {
    name: "a second Header",
    end: ({ script }) => script.peer.send({ type: FrameType.Header }, { type: FrameType.Header }),
    says: `[ttstream error, code=12002] ${mine}stream[1] already set header`,
  },
  {
    name: "bytes that are no frame",
    end: ({ script }) => script.peer.sendBytes(bytes("GET / HTTP/1.1\r\n")),
    says: "code=12004",
  },
  { name: "the connection is lost", end: ({ script }) => script.peer.close(), says: "code=12006" },
  {
    name: "the connection is aborted",
    end: ({ script }) => script.connection.abort("out"),
    says: `[ttstream error, code=12008] ${mine}out`,
  },
  {
    name: "its signal",
    end: ({ controller }) => controller.abort("enough"),
    says: `[ttstream error, code=12008] ${mine}enough`,
  },
  {
    name: "cancel()",
    end: ({ call }) => void call.cancel(),
    says: `[ttstream error, code=12007] ${mine}${CANCELED}`,
  },
  {
    name: "cancel(reason)",
    end: ({ call }) => void call.cancel(new Error("why not")),
    says: `[ttstream error, code=12008] ${mine}why not`,
  },
  {
    name: "the end of its scope",
    end: ({ call }) => void call[Symbol.asyncDispose](),
    says: `[ttstream error, code=12007] ${mine}${CANCELED}`,
  },
  {
    name: "timeoutMs",
    options: { timeoutMs: 5 },
    end: () => {},
    says: `[ttstream error, code=12015] ${mine}stream timeout, timeout in ctx: 5ms`,
  },
];

/** `closed` as a line: what it rejects with, or nothing. */
function outcomeOf(call: Call): Promise<string | undefined> {
  return call.closed.then(() => undefined, messageOf);
}

for (const { name: kind, open } of CALLS) {
  for (const form of FORMS) {
    Deno.test(`closed tells every end of a call: ${kind}, ${form.name}`, async () => {
      for (const { name, options, end, says } of ROWS) {
        await using script = new ClientScript();
        const controller = new AbortController();
        const call = open(script.connection, form, { signal: controller.signal, ...options });
        await script.peer.expect(FrameType.Header);
        // Nobody takes what is sent: it must not keep the end from being told.
        const outcome = outcomeOf(call);
        await end({ call, script, controller });
        const told = await outcome;
        if (says === undefined) assertEquals(told, undefined, name);
        else assertStringIncludes(told ?? "resolved", says, name);
        // What comes after it is no second end, whoever asks first or later.
        controller.abort("too late");
        void call.cancel("too late");
        assertEquals(await outcomeOf(call), told, name);
      }
    });
  }

  Deno.test(`closed that is first asked for when all is over says the same: ${kind}`, async () => {
    for (const { name, options, end, says } of ROWS) {
      await using script = new ClientScript();
      const controller = new AbortController();
      const call = open(script.connection, OWN, { signal: controller.signal, ...options });
      await script.peer.expect(FrameType.Header);
      const trailers = call.trailer.then(() => {}, () => {});
      await end({ call, script, controller });
      await trailers;
      controller.abort("too late");
      void call.cancel("too late");
      const told = await outcomeOf(call);
      if (says === undefined) assertEquals(told, undefined, name);
      else assertStringIncludes(told ?? "resolved", says, name);
    }
  });

  Deno.test(`closed is one promise, and pending while the stream lives: ${kind}`, async () => {
    await using script = new ClientScript();
    const call = open(script.connection, OWN);
    let settled = false;
    call.closed.then(() => settled = true);
    assert(call.closed === call.closed);
    await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("one") });
    await call.header;
    await turns(5);
    assertEquals(settled, false);
    await script.peer.send(trailer());
    await call.closed; // "one" has not been read
  });

  Deno.test(`closed of a call that was never opened rejects, and names the stream: ${kind}`, async () => {
    await using script = new ClientScript();
    const aborted = open(script.connection, OWN, { signal: AbortSignal.abort("no") });
    const error = await rejection(aborted.closed);
    assert(error instanceof TTStreamError);
    assertEquals([error.code, error.description, error.service, error.method, error.retryable], [
      12008,
      "no",
      "Test",
      "Echo",
      false,
    ]);
    await script.connection.close();
    const late = await rejection(open(script.connection, OWN).closed);
    assert(late instanceof StreamError);
    assertEquals([late.code, late.service, late.method, late.retryable], [12006, "Test", "Echo", true]);
  });
}

Deno.test("closed of a call whose request cannot be encoded rejects with its reason", async () => {
  await using script = new ClientScript();
  const bad = {
    encode(): Uint8Array {
      throw new Error("too odd");
    },
    decode: () => "",
  };
  const service = defineService("Test", { list: { kind: "server", request: bad, response: bad } });
  const call = createClient(service, script.connection).list("x");
  assertEquals(await rejectionText(call.closed), `[ttstream error, code=12008] ${mine}too odd`);
  const error = await rejection(call.closed);
  assert(error instanceof TTStreamError);
  assertEquals([error.service, error.method], ["Test", "list"]);
});

Deno.test("closed tells a codec that cannot decode: what travels, not the codec's own error", async () => {
  const bad = {
    encode: bytes,
    decode(): string {
      throw new RangeError("not mine");
    },
  };
  const service = defineService("Test", { echo: { kind: "bidirectional", request: bad, response: bad } });
  for (const trailerFirst of [false, true]) {
    await using script = new ClientScript();
    const call = createClient(service, script.connection).echo();
    await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("x") });
    if (trailerFirst) {
      await script.peer.send(trailer());
      await call.closed; // the stream had ended well before anybody read
    }
    assertEquals(await rejectionText(Array.fromAsync(call)), "not mine");
    const told = await outcomeOf(call);
    assertEquals(told, trailerFirst ? undefined : `[ttstream error, code=12008] ${mine}not mine`);
  }
});

Deno.test("after a receive time-out that keeps the remote working closed waits for its Trailer", async () => {
  await using script = new ClientScript();
  const stream = script.open({ recvTimeoutMs: 5, cancelRemoteOnRecvTimeout: false });
  let settled = false;
  stream.closed.then(() => settled = true);
  assertStringIncludes(await rejectionText(Array.fromAsync(stream)), "code=12014");
  assertEquals(settled, false);
  await script.peer.send(trailer());
  await stream.closed;
});

Deno.test("a rejected closed that nobody awaits ends no process", async () => {
  for (const { open } of CALLS) {
    for (const form of FORMS) {
      await using script = new ClientScript();
      const call = open(script.connection, form);
      void call.closed;
      await script.peer.send(trailer({ metadata: { "biz-status": "1", "biz-message": "no" } }));
      await call.trailer;
      await turns(3); // an unhandled rejection would fail this test
      assert(await rejection(call.closed) instanceof BizStatusError);
    }
  }
});

Deno.test("closed of a stream that ended well stays well when a signal takes back what is unread", async () => {
  const controller = new AbortController();
  await using script = new ClientScript();
  const stream = script.open({ signal: controller.signal });
  await script.peer.send(
    { type: FrameType.Header },
    { type: FrameType.Data, payload: bytes("one") },
    trailer(),
  );
  await stream.trailer;
  controller.abort("enough");
  assertStringIncludes(await rejectionText(Array.fromAsync(stream.readable)), "enough");
  await stream.closed;
});

Deno.test("closed over a connection that no bytes can leave rejects, too", async () => {
  const [near] = duplexPair();
  const connection = connectOver(near);
  const stream = connection.openStream({ service: "Test", method: "Echo" });
  connection.abort("stuck");
  assertStringIncludes(await rejectionText(stream.closed), "stuck");
  await connection.closed;
});
