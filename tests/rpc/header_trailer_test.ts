import { assertEquals, assertThrows } from "@std/assert";
import {
  BizStatusError,
  type ClientStream,
  connectOver,
  type Handler,
  type Metadata,
  serveOver,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";
import { exceptionOf, exceptionPayload, nameOf, WirePeer } from "../support/wire_peer.ts";

const TARGET = { service: "TestService", method: "EchoBidi" };

/** Opens a stream to `handler` and hands it to `use`; gives back what came to `onError`. */
async function against(handler: Handler, use: (stream: ClientStream) => Promise<void>): Promise<unknown[]> {
  const [clientEnd, serverEnd] = duplexPair();
  const reported: unknown[] = [];
  const serving = serveOver(serverEnd, handler, { onError: (error) => void reported.push(error) });
  const connection = connectOver(clientEnd);
  try {
    await use(connection.openStream(TARGET));
  } finally {
    await connection[Symbol.asyncDispose]();
    await serving.finished;
  }
  return reported;
}

/** The frames with which `handler` answers a call, as `Type {keys}`, and its last one's exception. */
async function answerOf(handler: Handler, options: { half?: boolean } = {}): Promise<string[]> {
  const [peerEnd, serverEnd] = duplexPair();
  await using peer = new WirePeer(peerEnd);
  serveOver(serverEnd, handler, { onError() {} });
  await peer.send({ type: FrameType.Header, method: "EchoBidi", metadata: { isn: "TestService" } });
  if (options.half) await peer.send({ type: FrameType.Trailer });
  const answer: string[] = [];
  for (;;) {
    const frame = await peer.next();
    if (frame === undefined) return answer;
    answer.push(`${nameOf(frame.type)} ${JSON.stringify(Object.fromEntries(frame.metadata))}`);
    if (frame.type !== FrameType.Trailer) continue;
    if (frame.payload.length > 0) answer.push(exceptionOf(frame).message);
    return answer;
  }
}

/** A connection whose server is a script, and a stream opened on it. */
async function againstPeer(
  script: (peer: WirePeer) => Promise<void>,
  use: (stream: ClientStream) => Promise<void>,
): Promise<void> {
  const [clientEnd, peerEnd] = duplexPair();
  const peer = new WirePeer(peerEnd);
  const connection = connectOver(clientEnd);
  const stream = connection.openStream(TARGET);
  await peer.expect(FrameType.Header);
  await script(peer);
  await use(stream);
  await peer.close();
  await connection.closed.catch(() => {});
}

const records = (metadata: Metadata) => Object.fromEntries(metadata);

Deno.test("header and trailer carry what the handler has set, in its case", async () => {
  const reported = await against(async ({ header, trailer, writable }) => {
    header.set("hk1", "hv1").set("HK1", "другой");
    await writable.getWriter().write(bytes("after-header"));
    trailer.set("tk1", "tv1").set("", "🔑");
  }, async (stream) => {
    assertEquals(records(await stream.header), { hk1: "hv1", HK1: "другой" });
    const reader = stream.readable.getReader();
    assertEquals(string((await reader.read()).value), "after-header");
    assertEquals((await reader.read()).done, true);
    assertEquals(records(await stream.trailer), { tk1: "tv1", "": "🔑" });
  });
  assertEquals(reported, []);
});

Deno.test("sendHeader() sends the header before any message, and once", async () => {
  const answer = await answerOf(async (stream) => {
    stream.header.set("hk1", "hv1").set("hk2", "hv2");
    stream.sendHeader();
    stream.sendHeader();
    await stream.writable.getWriter().write(bytes("x"));
    stream.sendHeader();
    stream.trailer.set("tk1", "tv1");
  });
  assertEquals(answer, ['Header {"hk1":"hv1","hk2":"hv2"}', "Data {}", 'Trailer {"tk1":"tv1"}']);
});

Deno.test("the header resolves as soon as it was sent, while the handler works on", async () => {
  await against(async (stream) => {
    stream.header.set("k", "v");
    stream.sendHeader();
    await aborted(stream.signal);
  }, async (stream) => {
    assertEquals(records(await stream.header), { k: "v" });
    await stream.readable.cancel();
  });
});

Deno.test("a handler that sends nothing still answers with Header and Trailer", async () => {
  assertEquals(await answerOf(() => {}), ["Header {}", "Trailer {}"]);
  assertEquals(await answerOf(() => {}, { half: true }), ["Header {}", "Trailer {}"]);
});

Deno.test("writable.close() sends nothing: the trailer's keys may still be set", async () => {
  const answer = await answerOf(async ({ writable, trailer }) => {
    await writable.close();
    trailer.set("late", "but in time");
  });
  assertEquals(answer, ["Header {}", 'Trailer {"late":"but in time"}']);
});

const changes: Record<string, (map: Map<string, string>) => void> = {
  "set": (map) => void map.set("k", "v"),
  "delete": (map) => void map.delete("k"),
  "clear": (map) => map.clear(),
};

for (const [name, change] of Object.entries(changes)) {
  Deno.test(`${name}() on a header that has been sent throws TypeError`, async () => {
    const reported = await against((stream) => {
      stream.header.set("k", "before");
      stream.sendHeader();
      const message = "the header has been sent and cannot be changed";
      assertThrows(() => change(stream.header), TypeError, message);
      assertEquals(stream.header.get("k"), "before");
    }, async (stream) => {
      await stream.trailer;
    });
    assertEquals(reported, []);
  });

  Deno.test(`${name}() on a trailer that has been sent throws TypeError`, async () => {
    const later = Promise.withResolvers<Map<string, string>>();
    await against(({ trailer }) => later.resolve(trailer), async (stream) => {
      await stream.trailer;
    });
    const trailer = await later.promise;
    assertThrows(() => change(trailer), TypeError, "the trailer has been sent and cannot be changed");
  });
}

Deno.test("the first message sends the header: changing it after that throws TypeError", async () => {
  const reported = await against(async ({ header, writable }) => {
    await writable.getWriter().write(bytes("x"));
    assertThrows(() => header.set("k", "v"), TypeError, "the header has been sent and cannot be changed");
  }, async (stream) => {
    assertEquals(records(await stream.header), {});
    assertEquals(records(await stream.trailer), {});
  });
  assertEquals(reported, []);
});

const tooLong = "é".repeat(32_768);

Deno.test("keys and values that no frame can carry are refused where they are set", async () => {
  const answer = await answerOf(({ header, trailer }) => {
    for (const [what, map] of [["header", header], ["trailer", trailer]] as const) {
      const limit = "65536 bytes, the limit is 65535 bytes";
      assertThrows(() => map.set("k", tooLong), RangeError, `the ${what}: "k" has ${limit}`);
      assertThrows(() => map.set(tooLong, "v"), RangeError, limit);
      assertEquals(map.size, 0);
      map.set("k", "v");
    }
  });
  assertEquals(answer, ['Header {"k":"v"}', 'Trailer {"k":"v"}']);
});

Deno.test("a header or trailer too long as a whole is refused where it is set, and may shrink again", async () => {
  const long = "x".repeat(65_000);
  const reported = await against(({ header, trailer }) => {
    for (const map of [header, trailer]) {
      for (const key of ["a", "b", "c", "d"]) map.set(key, long);
      const error = assertThrows(() => map.set("e", long), RangeError);
      assertEquals(/ of 325\d{3} bytes exceeds the limit of 26\d{4} bytes$/.test(error.message), true);
      map.set("a", "short").set("e", long);
      map.delete("b");
      map.set("f", long);
    }
  }, async (stream) => {
    assertEquals([...(await stream.header).keys()].sort(), ["a", "c", "d", "e", "f"]);
    assertEquals([...(await stream.trailer).keys()].sort(), ["a", "c", "d", "e", "f"]);
  });
  assertEquals(reported, []);
});

Deno.test("what is set last counts, and a map given away is the reader's own", async () => {
  await against(({ header }) => void header.set("k", "1").set("k", "2"), async (stream) => {
    const header = await stream.header;
    assertEquals(records(header), { k: "2" });
    const trailer = await stream.trailer;
    if (trailer instanceof Map) trailer.set("mine", "1");
  });
  await against(() => {}, async (stream) => {
    assertEquals(records(await stream.trailer), {});
    assertEquals(records(await stream.header), {});
  });
});

Deno.test("a handler that throws sends its header and trailer all the same", async () => {
  const answer = await answerOf(({ header, trailer }) => {
    header.set("h", "1");
    trailer.set("t", "2");
    throw new Error("no luck");
  });
  assertEquals(answer, ['Header {"h":"1"}', 'Trailer {"t":"2"}', "biz error: no luck"]);
});

Deno.test("the trailer of a failed stream resolves, its messages reject", async () => {
  const reported = await against(({ trailer }) => {
    trailer.set("t", "2");
    throw new Error("no luck");
  }, async (stream) => {
    const text = "[ttstream error, code=12001] [client-side stream] biz error: no luck";
    assertEquals(await rejectionText(stream.readable.getReader().read()), text);
    assertEquals(records(await stream.header), {});
    assertEquals(records(await stream.trailer), { t: "2" });
  });
  assertEquals(reported.map(messageOf), ["no luck"]);
});

Deno.test("a business error travels in the trailer's keys, with its extra as JSON", async () => {
  const extra = { reason: "quota", "naïve": '"quoted" and 中文' };
  const handler: Handler = ({ trailer }) => {
    trailer.set("tk1", "tv1");
    throw new BizStatusError(407, "biz with trailer", extra);
  };
  const keys = {
    tk1: "tv1",
    "biz-status": "407",
    "biz-message": "biz with trailer",
    "biz-extra": JSON.stringify(extra),
  };
  assertEquals(await answerOf(handler), ["Header {}", `Trailer ${JSON.stringify(keys)}`]);
  const reported = await against(handler, async (stream) => {
    const error = await rejection(stream.readable.getReader().read());
    assertEquals(error instanceof BizStatusError, true);
    if (!(error instanceof BizStatusError)) return;
    assertEquals(error.message, "biz error: code=407, msg=biz with trailer");
    assertEquals([error.statusCode, error.statusMessage], [407, "biz with trailer"]);
    assertEquals(error.extra, extra);
    assertEquals(records(await stream.trailer), keys);
  });
  assertEquals(reported, []);
});

Deno.test("a business error without extra has none at the other end", async () => {
  for (const code of [-(2 ** 31), -1, 1, 2 ** 31 - 1]) {
    await against(() => Promise.reject(new BizStatusError(code, "")), async (stream) => {
      const error = await rejection(stream.readable.getReader().read());
      assertEquals(error instanceof BizStatusError && [error.statusCode, error.statusMessage, error.extra], [
        code,
        "",
        undefined,
      ]);
      assertEquals([...(await stream.trailer).keys()], ["biz-status", "biz-message"]);
    });
  }
});

Deno.test("a business error that no frame can carry becomes a fault that says so", async () => {
  const reported = await against(() => Promise.reject(new BizStatusError(1, tooLong)), async (stream) => {
    const text = "biz-message: 65536 bytes exceed the limit of 65535 bytes";
    assertEquals(
      await rejectionText(stream.readable.getReader().read()),
      `[ttstream error, code=12001] [client-side stream] biz error: ${text}`,
    );
  });
  assertEquals(reported.map((error) => error instanceof RangeError), [true]);
});

Deno.test("a Trailer without a Header: the header is an empty map", async () => {
  await againstPeer(
    (peer) => peer.send({ type: FrameType.Trailer, metadata: { t: "1" } }),
    async (stream) => {
      assertEquals(records(await stream.header), {});
      assertEquals(records(await stream.trailer), { t: "1" });
    },
  );
});

Deno.test("a Trailer with an exception still resolves the trailer with its keys", async () => {
  const payload = exceptionPayload({ type: 6, message: "no" });
  await againstPeer(
    (peer) => peer.send({ type: FrameType.Trailer, metadata: { t: "1" }, payload }),
    async (stream) => assertEquals(records(await stream.trailer), { t: "1" }),
  );
});

Deno.test("header and trailer reject where a Rst comes before them", async () => {
  const payload = exceptionPayload({ type: 12007, message: "enough" });
  await againstPeer((peer) => peer.send({ type: FrameType.Rst, payload }), async (stream) => {
    const error = await rejection(stream.header);
    assertEquals(error instanceof TTStreamError && error.code, 12007);
    assertEquals(await rejection(stream.trailer), error);
  });
});

Deno.test("a header that has come stays, the trailer rejects where the connection is lost", async () => {
  await againstPeer(async (peer) => {
    await peer.send({ type: FrameType.Header, metadata: { h: "1" } });
    await peer.close();
  }, async (stream) => {
    assertEquals(records(await stream.header), { h: "1" });
    const text = "[ttstream error, code=12006] connection closed by peer";
    assertEquals(await rejectionText(stream.trailer), text);
  });
});

Deno.test("header and trailer reject with the client's own cancel", async () => {
  await against(async (stream) => void await aborted(stream.signal), async (stream) => {
    await stream.readable.cancel("enough");
    const text = "[ttstream error, code=12008] [client-side stream] enough";
    assertEquals([await rejectionText(stream.header), await rejectionText(stream.trailer)], [text, text]);
  });
});
