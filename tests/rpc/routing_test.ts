import { assertEquals, assertThrows } from "@std/assert";
import {
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  route,
  serveOver,
  type ServerStream,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";
import { rejectionText } from "../support/rejection.ts";
import { untyped } from "../support/untyped.ts";
import { exceptionOf, nameOf, WirePeer } from "../support/wire_peer.ts";

const echo = { kind: "bidirectional", request: text, response: text } as const;
const Chat = defineService("Chat", { echo, shout: { ...echo, name: "Shout" } });
const News = defineService("News", { echo, today: { kind: "server", request: text, response: text } });

async function* echoed({ readable }: ServerStream<string, string>) {
  yield* readable;
}

const chat = implement(Chat, {
  echo: echoed,
  async *shout({ readable }) {
    for await (const message of readable) yield message.toUpperCase();
  },
});

const news = implement(News, {
  echo: echoed,
  async *today(topic) {
    yield `nothing new on ${topic}`;
  },
});

const fallback: Handler = async ({ service, method, writable }) => {
  await writable.getWriter().write(bytes(`fallback for ${service}/${method}`));
};

/** What a handler answers to one message `hi`, frame by frame; nothing may come to `onError`. */
async function answerOf(handler: Handler, service: string | undefined, method: string): Promise<string[]> {
  const [peerEnd, serverEnd] = duplexPair();
  const reported: unknown[] = [];
  const serving = serveOver(serverEnd, handler, { onError: (error) => void reported.push(error) });
  const answer: string[] = [];
  const peer = new WirePeer(peerEnd);
  await peer.send(
    { type: FrameType.Header, method, metadata: service === undefined ? {} : { isn: service } },
    { type: FrameType.Data, method, payload: bytes("hi") },
    { type: FrameType.Trailer, method },
  );
  for (let ended = false; !ended;) {
    const frame = await peer.next();
    if (frame === undefined) break;
    ended = frame.type === FrameType.Trailer;
    if (frame.type === FrameType.Data) answer.push(string(frame.payload));
    else if (frame.payload.length === 0) answer.push(nameOf(frame.type));
    else answer.push(`${nameOf(frame.type)} ${exceptionOf(frame).type}: ${exceptionOf(frame).message}`);
    assertEquals(frame.method, method);
  }
  await peer.close();
  await serving.finished;
  assertEquals(reported, []);
  return answer;
}

const ok = (message: string) => ["Header", message, "Trailer"];
const exception = (type: number, message: string) => ["Header", `Trailer ${type}: ${message}`];

const rows: [
  title: string,
  handler: Handler,
  service: string | undefined,
  method: string,
  answer: string[],
][] = [
  ["implement(): its own method", chat, "Chat", "echo", ok("hi")],
  ["implement(): a method by its wire name", chat, "Chat", "Shout", ok("HI")],
  [
    "implement(): a property's name that is not the wire name",
    chat,
    "Chat",
    "shout",
    exception(1, "unknown method shout"),
  ],
  ["implement(): an unknown method", chat, "Chat", "Nope", exception(1, "unknown method Nope")],
  ["implement(): a method of Object's", chat, "Chat", "toString", exception(1, "unknown method toString")],
  ["implement(): an unknown service", chat, "Nope", "echo", exception(20, "unknown service Nope")],
  ["implement(): no isn, a known method", chat, undefined, "echo", ok("hi")],
  ["implement(): an empty isn, a known method", chat, "", "echo", ok("hi")],
  ["implement(): no isn, an unknown method", chat, undefined, "Nope", exception(1, "unknown method Nope")],
  ["route(): the first service", route(chat, news), "Chat", "Shout", ok("HI")],
  ["route(): the second service", route(chat, news), "News", "today", ok("nothing new on hi")],
  [
    "route(): a method of the other service",
    route(chat, news),
    "Chat",
    "today",
    exception(1, "unknown method today"),
  ],
  ["route(): an unknown service", route(chat, news), "Nope", "echo", exception(20, "unknown service Nope")],
  ["route(): no isn, two services", route(chat, news), undefined, "Shout", exception(20, "unknown service ")],
  ["route(): no isn, one service", route(chat), undefined, "Shout", ok("HI")],
  ["route(): no isn, a fallback", route(chat, fallback), undefined, "Shout", ok("fallback for /Shout")],
  ["route(): a known service beside a fallback", route(fallback, chat), "Chat", "Shout", ok("HI")],
  ["route(): an unknown service, a fallback", route(chat, fallback), "Nope", "m", ok("fallback for Nope/m")],
  ["route() of nothing", route(), "Chat", "echo", exception(20, "unknown service Chat")],
  ["route() in route()", route(route(chat), route(news)), "News", "today", ok("nothing new on hi")],
  [
    "route() in route(), an unknown service",
    route(route(chat), news),
    "Nope",
    "m",
    exception(20, "unknown service Nope"),
  ],
  ["a plain function: any service", fallback, "Any", "thing", ok("fallback for Any/thing")],
  ["a plain function: no service", fallback, undefined, "thing", ok("fallback for /thing")],
];

for (const [title, handler, service, method, answer] of rows) {
  Deno.test(`${title} answers ${answer.slice(1).join(", ")}`, async () => {
    assertEquals(await answerOf(handler, service, method), answer);
  });
}

Deno.test("two handlers without services in one route() throw TypeError", () => {
  const message = "route: two handlers without services, one is the fallback";
  assertThrows(() => route(fallback, chat, () => {}), TypeError, message);
  assertThrows(() => route(route(fallback), fallback), TypeError, message);
});

Deno.test("two handlers of one service in one route() throw TypeError", () => {
  assertThrows(() => route(chat, news, chat), TypeError, 'route: two handlers for the service "Chat"');
  assertThrows(() => route(route(chat, news), chat), TypeError, 'route: two handlers for the service "Chat"');
});

Deno.test("handlers say which services they answer", () => {
  assertEquals(chat.services, ["Chat"]);
  assertEquals(route(chat, news).services, ["Chat", "News"]);
  assertEquals(route(chat, fallback).services, undefined);
});

/** Middleware that notes what passes; with `services` it copies those of the handler it wraps. */
function noting(notes: string[], options: { services: boolean }): (next: Handler) => Handler {
  return (next) => {
    const handler: Handler = async (stream) => {
      notes.push(`before ${stream.service}/${stream.method}`);
      try {
        await next(stream);
        notes.push("after");
      } catch (error) {
        notes.push(`failed: ${error instanceof Error ? error.message : error}`);
        throw error;
      }
    };
    return options.services ? Object.assign(handler, { services: next.services }) : handler;
  };
}

Deno.test("what every object inherits implements no method", () => {
  const unary = { kind: "unary", request: text, response: text } as const;
  const Odd = defineService("Odd", { ask: unary, toString: unary, valueOf: unary, constructor: unary });
  const ask = (question: string) => question;
  assertEquals(implement(Odd, untyped({ ask })).methods, ["ask"]);
  class Asked {
    ask = ask;
    toString() {
      return "mine";
    }
  }
  assertEquals(implement(Odd, untyped(new Asked())).methods, ["ask", "toString"]);
  assertEquals(implement(Odd, untyped(Object.fromEntries([["constructor", ask]]))).methods, ["constructor"]);
});

Deno.test("middleware around route() sees every stream, its end too", async () => {
  const notes: string[] = [];
  const handler = noting(notes, { services: false })(route(chat, news));
  assertEquals(await answerOf(handler, "Chat", "echo"), ok("hi"));
  assertEquals(await answerOf(handler, "Nope", "m"), exception(20, "unknown service Nope"));
  assertEquals(notes, ["before Chat/echo", "after", "before Nope/m", "after"]);
});

Deno.test("middleware that copies services may stand inside route()", async () => {
  const notes: string[] = [];
  const noted = noting(notes, { services: true });
  const handler = route(noted(chat), noted(news));
  assertEquals(handler.services, ["Chat", "News"]);
  assertEquals(await answerOf(handler, "News", "today"), ok("nothing new on hi"));
  assertEquals(await answerOf(handler, "Chat", "Shout"), ok("HI"));
  assertEquals(notes, ["before News/today", "after", "before Chat/Shout", "after"]);
});

Deno.test("middleware without services is a fallback inside route(), and two of them are an error", async () => {
  const notes: string[] = [];
  const noted = noting(notes, { services: false });
  assertThrows(() => route(noted(chat), noted(news)), TypeError);
  assertEquals(await answerOf(route(chat, noted(news)), "News", "echo"), ok("hi"));
  assertEquals(notes, ["before News/echo", "after"]);
});

Deno.test("middleware sees what a method threw, may answer in its stead, and may refuse a stream", async () => {
  const notes: string[] = [];
  const failing = implement(News, {
    echo: () => Promise.reject(new Error("out of paper")),
    today: () => Promise.reject(new Error("out of ink")),
  });
  const guard = (next: Handler): Handler => async (stream) => {
    if (stream.method === "today") throw new Error("members only");
    try {
      await next(stream);
    } catch {
      await stream.writable.getWriter().write(bytes("sorry"));
    }
  };
  const handler = guard(noting(notes, { services: false })(failing));
  const [clientEnd, serverEnd] = duplexPair();
  const reported: string[] = [];
  const serving = serveOver(serverEnd, handler, {
    onError: (error, { method }) => void reported.push(`${method}: ${error}`),
  });
  const connection = connectOver(clientEnd);
  const client = createClient(News, connection);
  assertEquals(await Array.fromAsync(client.echo().readable), ["sorry"]);
  assertEquals(
    await rejectionText(Array.fromAsync(client.today("x"))),
    "[ttstream error, code=12001] [client-side stream] biz error: members only",
  );
  await connection.close();
  await serving.finished;
  assertEquals(notes, ["before News/echo", "failed: out of paper"]);
  assertEquals(reported, ["today: Error: members only"]);
});

Deno.test("a stream that was spread into a new object is refused, with the reason", async () => {
  const handler: Handler = (stream) => chat({ ...stream });
  const message =
    "a handler needs a ServerStream, and { ...stream } has none of its properties: use wrapStream(stream, { … })";
  const [clientEnd, serverEnd] = duplexPair();
  const reported: unknown[] = [];
  serveOver(serverEnd, handler, { onError: (error) => void reported.push(error) });
  const connection = connectOver(clientEnd);
  const text = await rejectionText(Array.fromAsync(createClient(Chat, connection).echo().readable));
  assertEquals(text, `[ttstream error, code=12001] [client-side stream] biz error: ${message}`);
  assertEquals(reported.map((error) => error instanceof TypeError), [true]);
  await connection.close();
});
