/** What a server makes of the messages of unary calls, told by a client that is scripted on the wire. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  BizStatusError,
  defineService,
  type Handler,
  implement,
  type Implementation,
  route,
  type Server,
  type ServerOptions,
  TTStreamError,
} from "../../../mod.ts";
import { exceptionText, readException } from "../../../src/ttheader/exception.ts";
import { MessageType, type UnaryMessage } from "../../../src/ttheader/unary/message.ts";
import { bytes } from "../../support/codecs.ts";
import { aborted } from "../../support/events.ts";
import { fromHex } from "../../support/hex.ts";
import { connectTo, serveLocally } from "../../support/loopback.ts";
import { messageOf } from "../../support/rejection.ts";
import { turns } from "../../support/turns.ts";
import { FRAMINGS, UnaryPeer } from "../../support/unary_peer.ts";
import { NotThere, stringArgs, stringResult, Words } from "../../support/unary_service.ts";

type Methods = typeof Words.methods;

const OUT_OF_ORDER = 1;

/** A server, what came to its `onError`, and raw clients of it. */
class Stage implements AsyncDisposable {
  readonly server: Server<Deno.NetAddr>;
  readonly reported: string[] = [];
  readonly lost: string[] = [];
  readonly #firstLost = Promise.withResolvers<string>();
  readonly #peers: UnaryPeer[] = [];

  constructor(handler: Handler, options: ServerOptions<Deno.NetAddr> = {}) {
    this.server = serveLocally(handler, {
      onError: (error) => void this.reported.push(messageOf(error)),
      onConnectionError: (error) => {
        this.lost.push(messageOf(error));
        this.#firstLost.resolve(messageOf(error));
      },
      ...options,
    });
  }

  /** What the first connection has ended with that was the client's fault. */
  get firstLost(): Promise<string> {
    return this.#firstLost.promise;
  }

  async raw(): Promise<UnaryPeer> {
    const peer = new UnaryPeer(await Deno.connect({ hostname: "127.0.0.1", port: this.server.addr.port }));
    this.#peers.push(peer);
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
    await this.server.shutdown({ graceMs: 0 });
  }
}

function words(own: Partial<Implementation<Methods>>): Handler {
  return implement(Words, { shout: (text: string) => text.toUpperCase(), ...own });
}

/** What an answer says, in words. */
function said(message: UnaryMessage): string {
  if (message.type === MessageType.Exception) {
    const exception = readException(message.payload);
    return `${exception.type} ${exceptionText(exception)}`;
  }
  return stringResult.decode(message.payload);
}

/** Handlers that wait until the test opens them, by their text. */
class Gates {
  readonly #gates: Map<string, PromiseWithResolvers<void>> = new Map();
  readonly began: string[] = [];

  readonly shout = async (text: string): Promise<string> => {
    this.began.push(text);
    await this.#gate(text).promise;
    return text;
  };

  open(text: string): void {
    this.#gate(text).resolve();
  }

  #gate(text: string): PromiseWithResolvers<void> {
    const gate = this.#gates.get(text) ?? Promise.withResolvers<void>();
    this.#gates.set(text, gate);
    return gate;
  }
}

for (const [name, framing] of Object.entries(FRAMINGS)) {
  Deno.test(`${name}: an answer has its request's framing, method and sequence id`, async () => {
    await using stage = new Stage(words({}));
    const peer = await stage.raw();
    await peer.send({ framing, id: 41 }, { framing, id: 42, payload: stringArgs.encode("ho") });
    for (const [id, text] of [[41, "HI"], [42, "HO"]]) {
      const answer = await peer.expect();
      assertEquals([answer.framing, answer.type, answer.method, answer.id, answer.sequenceId], [
        framing,
        MessageType.Reply,
        "Shout",
        id,
        id,
      ]);
      assertEquals(said(answer), text);
    }
  });

  Deno.test(`${name}: errors of every kind are answered, and the connection goes on`, async () => {
    await using stage = new Stage(words({
      shout(text) {
        if (text === "fail") throw new Error("the kettle is broken");
        if (text === "biz") throw new BizStatusError(404, "no such word");
        return text;
      },
      find: (text) => {
        throw new NotThere(text, 3);
      },
    }));
    const peer = await stage.raw();
    await peer.send({ framing, payload: stringArgs.encode("fail") });
    assertEquals(said(await peer.expect()), "6 biz error: the kettle is broken");
    await peer.send({ framing, payload: stringArgs.encode("biz") });
    const biz = await peer.expect();
    if (framing.ttheader) {
      assertEquals(biz.metadata, new Map([["biz-status", "404"], ["biz-message", "no such word"]]));
      assertEquals([...biz.payload], [0]);
    } else assertEquals(said(biz), "6 biz error: code=404, msg=no such word");
    await peer.send({ framing, method: "Find" });
    const missing = await peer.expect();
    assertEquals(missing.type, MessageType.Reply);
    let thrown: unknown;
    try {
      stringResult.decode(missing.payload);
    } catch (error) {
      thrown = error;
    }
    assertInstanceOf(thrown, NotThere);
    await peer.send({ framing, method: "Whisper" });
    assertEquals(
      said(await peer.expect()),
      framing.ttheader ? "1 unknown method Whisper (service Words)" : "20 unknown service , method Whisper",
    );
    await peer.send({ framing, type: MessageType.Reply });
    assertEquals(said(await peer.expect()), "2 server side, invalid message type 2");
    await peer.send({ framing, payload: stringArgs.encode("last") });
    assertEquals(said(await peer.expect()), "last");
    assertEquals(stage.reported, ["the kettle is broken"]);
  });

  Deno.test(`${name}: oneway is not answered, not even where it fails or is unknown`, async () => {
    await using stage = new Stage(words({
      note() {
        throw new Error("not noted");
      },
    }));
    const peer = await stage.raw();
    const { Oneway, Call } = MessageType;
    await peer.send(
      { framing, method: "Note", type: Oneway },
      // Older clients send it as a call.
      { framing, method: "Note", type: Call },
      { framing, method: "Whisper", type: Oneway },
      { framing, id: 9 },
    );
    const answer = await peer.expect();
    assertEquals([answer.id, said(answer)], [9, "HI"]);
    assertEquals(stage.reported, ["not noted", "not noted"]);
  });
}

Deno.test("calls of a client that takes answers in any order run at once, and are answered as they finish", async () => {
  const gates = new Gates();
  await using stage = new Stage(words({ shout: gates.shout }));
  const peer = await stage.raw();
  await peer.send(
    { flags: OUT_OF_ORDER, id: 1, payload: stringArgs.encode("slow") },
    { flags: OUT_OF_ORDER, id: 2, payload: stringArgs.encode("fast") },
  );
  gates.open("fast");
  const first = await peer.expect();
  assertEquals([first.id, said(first), first.outOfOrder], [2, "fast", true]);
  gates.open("slow");
  const second = await peer.expect();
  assertEquals([second.id, said(second)], [1, "slow"]);
});

Deno.test("calls of any other client run one after the other, in their order, and count for back-pressure", async () => {
  const gates = new Gates();
  await using stage = new Stage(words({ shout: gates.shout }), { maxStreams: 1 });
  const peer = await stage.raw();
  const texts = ["one", "two", "three"];
  for (const [i, text] of texts.entries()) await peer.send({ id: i + 1, payload: stringArgs.encode(text) });
  gates.open("three");
  gates.open("two");
  const other = await stage.raw();
  await other.send({ id: 1, payload: stringArgs.encode("two") });
  await other.expect();
  assertEquals(gates.began.filter((text) => text !== "two"), ["one"]);
  gates.open("one");
  for (const [i, text] of texts.entries()) {
    const answer = await peer.expect();
    assertEquals([answer.id, said(answer)], [i + 1, text]);
  }
});

Deno.test("a call beyond maxStreams is refused in words, and may be tried again", async () => {
  const gates = new Gates();
  await using stage = new Stage(words({ shout: gates.shout }), { maxStreams: 2 });
  const peer = await stage.raw();
  for (const id of [1, 2, 3]) {
    await peer.send({ flags: OUT_OF_ORDER, id, payload: stringArgs.encode(`call ${id}`) });
  }
  const refused = await peer.expect();
  assertEquals([refused.id, said(refused)], [3, "6 too many streams: the limit is 2"]);
  gates.open("call 1");
  gates.open("call 2");
  assertEquals((await peer.expect()).type, MessageType.Reply);
});

Deno.test("a client that goes away aborts its handlers' signals with 12013, and nobody else's", async () => {
  const signals = new Map<string, AbortSignal>();
  const { promise: both, resolve } = Promise.withResolvers<void>();
  await using stage = new Stage(words({
    async shout(text, { signal }) {
      signals.set(text, signal);
      if (signals.size === 2) resolve();
      if (text === "stays") return text;
      await aborted(signal);
      throw signal.reason;
    },
  }));
  const peer = await stage.raw();
  await peer.send({ payload: stringArgs.encode("goes") });
  const other = await stage.raw();
  await other.send({ payload: stringArgs.encode("stays") });
  await both;
  await peer.close();
  const signal = signals.get("goes");
  assert(signal !== undefined);
  const reason = await aborted(signal);
  assertInstanceOf(reason, TTStreamError);
  assertEquals([reason.code, reason.service, reason.method], [12013, "Words", "Shout"]);
  assertEquals(said(await other.expect()), "stays");
  assertEquals(stage.reported, []);
});

Deno.test("a client's time-out is the handler's deadline", async () => {
  await using stage = new Stage(words({
    async shout(_, { signal, deadline }) {
      assert(deadline !== undefined && deadline <= Date.now() + 50);
      await aborted(signal);
      throw signal.reason;
    },
  }));
  const peer = await stage.raw();
  await peer.send({ timeoutMs: 50 });
  assertEquals(said(await peer.expect()), "12015 stream timeout, timeout in ctx: 50ms");
});

Deno.test("a client's own clock ends its call first: the server's word comes a little behind the deadline", async () => {
  await using stage = new Stage(words({
    async shout(text, { signal }) {
      await aborted(signal);
      return text;
    },
  }));
  const peer = await stage.raw();
  for (let i = 0; i < 5; i++) {
    const from = performance.now();
    await peer.send({ timeoutMs: 20 });
    assertEquals(said(await peer.expect()), "12015 stream timeout, timeout in ctx: 20ms");
    assert(performance.now() - from >= 45, `answered after ${performance.now() - from} ms`);
  }
});

Deno.test("what cannot be read behind an intact head fails its call alone", async () => {
  await using stage = new Stage(words({}));
  const peer = await stage.raw();
  const gone = fromHex("0000001a 1000 0000 0000004d 0002 00 00 10 0000 000000 7fff0001 00000000");
  await peer.sendBytes(gone);
  const answer = await peer.expect();
  assertEquals(
    [answer.id, said(answer)],
    [77, "7 invalid payload (first4Bytes=0x7fff0001, second4Bytes=0x00000000)"],
  );
  await peer.send({ id: 78 });
  assertEquals(said(await peer.expect()), "HI");
  // A struct that is none is the handler's codec's to refuse.
  await peer.send({ id: 79, payload: bytes("\x0b\x00\x01\x00\x00\xff\xff") });
  assertEquals(said(await peer.expect()).startsWith("6 biz error: "), true);
  await peer.send({ id: 80 });
  assertEquals((await peer.expect()).id, 80);
});

Deno.test("a connection whose bytes are no messages ends, and its neighbours go on", async () => {
  await using stage = new Stage(words({}), { maxFrameBytes: 1024 });
  await using connection = await connectTo(stage.server);
  const witness = await stage.raw();
  const hexes: readonly [hex: string, error: RegExp][] = [
    ["20000000 80010001", /frame of 536870912 bytes exceeds the limit of 1024 bytes/],
    ["80010001 20000000", /thrift message of \d+ bytes or more exceeds the limit of 1024 bytes/],
    [`80010001 00000001 61 00000001 ${"0c0001".repeat(100)}`, /nested deeper than 64/],
  ];
  for (const [hex, error] of hexes) {
    const peer = await stage.raw();
    await peer.sendBytes(fromHex(hex));
    assertEquals(await peer.next().catch(() => undefined), undefined);
    await witness.send({});
    assertEquals(said(await witness.expect()), "HI");
    assert(stage.lost.some((text) => error.test(text)), `${error} among ${stage.lost}`);
  }
  assertEquals(connection.protocol, "ttheader");
});

Deno.test("a flood of calls whose answers nobody reads is not read any further, and the peer is cut", async () => {
  let handled = 0;
  await using stage = new Stage(
    words({
      shout(text) {
        handled++;
        return text.repeat(1000);
      },
    }),
    { frameTimeoutMs: 1000 },
  );
  const peer = await stage.raw();
  const witness = await stage.raw();
  const payload = stringArgs.encode("0123456789");
  const flood = async () => {
    for (let id = 1;; id++) await peer.send({ flags: OUT_OF_ORDER, id, payload });
  };
  const flooded = flood().catch(() => {});
  // Which of the two comes first is the kernel's to say: its window may open late for what the client still sends.
  const lost = await stage.firstLost;
  assert(/has taken nothing for 1000 ms, and \d+ bytes of answers wait|frame not complete/.test(lost), lost);
  await witness.send({});
  assertEquals(said(await witness.expect()).length, 2000);
  assert(handled < 4_000, `${handled} handlers have run`);
  await peer.close();
  await flooded;
});

Deno.test("responses that nobody reads make their handlers wait, however many of them return at once", async () => {
  const calls = 100;
  const response = "x".repeat(1024 * 1024);
  let began = 0;
  let answered = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const handler = words({
    async shout() {
      if (++began === calls) resolve();
      await all;
      return response;
    },
  });
  await using stage = new Stage(async (stream) => {
    await handler(stream);
    answered++;
  });
  const peer = await stage.raw();
  for (let id = 1; id <= calls; id++) await peer.send({ flags: OUT_OF_ORDER, id });
  await all;
  await turns(200);
  // What the system's buffers hold counts as read.
  assert(answered < calls / 2, `${answered} responses of 1 MiB are held for a client that takes none`);
  const ids = new Set<number>();
  while (ids.size < calls) ids.add((await peer.expect()).id);
  assertEquals(answered, calls);
  assertEquals(stage.reported, []);
});

Deno.test("a response, and a header with its trailer, that are too long fail their call in words", async () => {
  await using stage = new Stage(
    words({
      shout(text, { header, trailer }) {
        if (text === "long") return "x".repeat(2000);
        for (const key of ["zero", "one"]) header.set(key, "1".repeat(65_000));
        for (const key of ["two", "three", "four"]) trailer.set(key, "1".repeat(65_000));
        return text;
      },
    }),
    { maxFrameBytes: 1024 * 1024 },
  );
  const peer = await stage.raw();
  await peer.send({ payload: stringArgs.encode("keys") });
  const answer = said(await peer.expect());
  assert(/^6 biz error: header block of \d+ bytes exceeds the limit of 262140 bytes$/.test(answer), answer);
  await using small = new Stage(words({ shout: () => "x".repeat(2000) }), { maxFrameBytes: 1024 });
  const other = await small.raw();
  await other.send({});
  assertEquals(
    said(await other.expect()),
    "6 biz error: response of 2008 bytes exceeds the limit of 1024 bytes",
  );
});

Deno.test("a refusal that repeats a long name is sent though it is over maxFrameBytes", async () => {
  await using stage = new Stage(words({}), { maxFrameBytes: 1024 });
  const method = "m".repeat(900);
  for (const framing of [FRAMINGS.TTHeader, FRAMINGS.Framed, FRAMINGS.Buffered]) {
    const peer = await stage.raw();
    // The head would name it as well, and be over the limit itself.
    const short = framing.ttheader ? method.slice(0, 400) : method;
    await peer.send({ framing, method: short });
    assertEquals(said(await peer.expect()).includes(`method ${short}`), true);
    await peer.send({ framing });
    assertEquals(said(await peer.expect()), "HI");
  }
});

Deno.test("a handler of bytes that answers twice, or not at all, fails its call", async () => {
  const [twice, never] = [2, 0].map((times) =>
    new Stage(async (stream) => {
      for (let i = 0; i < times; i++) await stream.send(stringResult.encode("once"));
    })
  );
  await using first = twice ?? new Stage(() => {});
  await using second = never ?? new Stage(() => {});
  const one = await first.raw();
  await one.send({});
  assertEquals(said(await one.expect()), "6 biz error: Words.Shout: a unary call has one response");
  const other = await second.raw();
  await other.send({});
  assertEquals(said(await other.expect()), "5 Shout has returned without a result");
});

Deno.test("shutdown lets calls end, says so in their answers, and refuses what comes after", async () => {
  const gates = new Gates();
  await using stage = new Stage(words({ shout: gates.shout }));
  const peer = await stage.raw();
  await peer.send({ flags: OUT_OF_ORDER, id: 1, payload: stringArgs.encode("under way") });
  while (gates.began.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const stopped = stage.server.shutdown();
  // A client that multiplexes is told to go, at once, as by Kitex.
  const farewell = await peer.expect();
  assertEquals([farewell.id, farewell.metadata.get("crrst")], [0, "1"]);
  await peer.send({ flags: OUT_OF_ORDER, id: 2 });
  const refused = await peer.expect();
  assertEquals([refused.id, said(refused), refused.metadata.get("crrst")], [
    2,
    "6 server is shutting down",
    "1",
  ]);
  gates.open("under way");
  const answer = await peer.expect();
  assertEquals([answer.id, said(answer), answer.metadata.get("crrst")], [1, "under way", "1"]);
  assertEquals(await peer.next(), undefined);
  await stopped;
});

Deno.test("a call that names no service goes to the one that has the method, and to none where two have it", async () => {
  const Others = defineService("Others", { find: Words.methods.find, note: Words.methods.note });
  await using stage = new Stage(route(
    words({ find: (text) => `${text} of Words` }),
    implement(Others, { find: (text) => `${text} of Others`, note() {} }),
  ));
  const peer = await stage.raw();
  const framing = FRAMINGS.Framed;
  await peer.send({ framing, id: 1 }, { framing, id: 2, method: "Find" });
  assertEquals(said(await peer.expect()), "HI");
  assertEquals(said(await peer.expect()), "20 unknown service , method Find");
  await peer.send({ id: 3, method: "Find", metadata: new Map([["isn", "Others"]]) });
  assertEquals(said(await peer.expect()), "hi of Others");
});

Deno.test("an idle connection of unary calls is closed after idleTimeoutMs", async () => {
  await using stage = new Stage(words({}), { idleTimeoutMs: 50 });
  const peer = await stage.raw();
  await peer.send({});
  assertEquals(said(await peer.expect()), "HI");
  assertEquals(await peer.next(), undefined);
});
