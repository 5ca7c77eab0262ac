/** The page on errors: what it shows under each code is what a stream says that is made to end so. */
import { assertEquals } from "@std/assert";
import {
  BizStatusError,
  type CallOptions,
  type Connection,
  connectOver,
  createClient,
  defineService,
  ErrorCode,
  implement,
  type Protocol,
  serveOver,
  type ServeOverOptions,
  type ServerStream,
  ttheader,
} from "../../mod.ts";
import { grpc, GrpcError, GrpcStatus } from "../../src/grpc/mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection } from "../support/rejection.ts";
import { ClientScript, ServerScript } from "../support/script.ts";
import { exceptionPayload } from "../support/wire_peer.ts";
import { ClientScript as GrpcScript } from "../grpc/scripts.ts";
import { readPage } from "./pages.ts";

const Chat = defineService("Chat", {
  ask: { kind: "server", name: "Ask", request: text, response: text },
});
const Other = defineService("Chat", {
  say: { kind: "server", name: "Say", request: text, response: text },
});
const Absent = defineService("Absent", {
  ask: { kind: "server", name: "Ask", request: text, response: text },
});

/** A handler's work. */
type Ask = (stream: { readonly signal: AbortSignal; send(word: string): Promise<void> }) => unknown;

/** What both sides of one call say: the client's end, and what the handler's signal read where it has read any. */
interface Ends {
  readonly client: string;
  readonly server: string;
}

const waits: Ask = ({ signal }) => aborted(signal);

/** Makes one call of `Chat.ask` over a connection in memory, and tells how it ended. */
async function ends(
  protocol: Protocol,
  ask: Ask,
  call: (connection: Connection) => Promise<unknown>,
  options: ServeOverOptions = {},
): Promise<Ends> {
  const [near, far] = duplexPair();
  let server = "";
  const handler = implement(Chat, {
    async ask(_question, stream) {
      stream.signal.addEventListener("abort", () => server = stream.signal.reason.message);
      await ask(stream);
    },
  });
  const serving = serveOver(far, handler, { protocols: [protocol], onError: () => {}, ...options });
  const connection = connectOver(near, { serviceName: "ServiceA", protocol });
  const client = messageOf(await rejection(call(connection)));
  connection.abort();
  await connection.closed.catch(() => {});
  await serving.finished.catch(() => {});
  return { client, server };
}

/** Reads a call of `Chat.ask` out. */
function read(options?: CallOptions): (connection: Connection) => Promise<unknown> {
  return (connection) => Array.fromAsync(createClient(Chat, connection).ask("Why?", options));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}

/** What a client reads when a server of TTHeader Streaming sends `frames`. */
async function clientRead(script: (script: ClientScript) => Promise<void>): Promise<string> {
  await using client = new ClientScript();
  const stream = client.open();
  const reading = rejection(Array.fromAsync(stream.readable));
  await client.peer.expect(FrameType.Header);
  await script(client);
  return messageOf(await reading);
}

/** What a handler of TTHeader Streaming reads when a client sends a Rst that says so. */
async function handlerRead(code: number, message: string, path: string): Promise<string> {
  await using server = new ServerScript();
  const { signal } = await server.opened();
  const payload = exceptionPayload({ type: code, message });
  await server.peer.send({ type: FrameType.Rst, metadata: { ttscp: path }, payload });
  return messageOf(await aborted(signal));
}

const tt = ttheader();
const fails: Ask = () => {
  throw new Error("the lamp went out");
};

/** For each heading of the page, what is seen there, as it is made to happen. */
const provoked: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  "12001: the handler failed": async () => [
    (await ends(tt, fails, read())).client,
    (await ends(tt, waits, (connection) => Array.fromAsync(createClient(Absent, connection).ask("")))).client,
    (await ends(tt, waits, (connection) => Array.fromAsync(createClient(Other, connection).say("")))).client,
  ],
  "12002: a second Header": async () => [
    await clientRead(({ peer }) => peer.send({ type: FrameType.Header }, { type: FrameType.Header })),
  ],
  "12003: a business error that cannot be read": async () => [
    await clientRead(({ peer }) =>
      peer.send({ type: FrameType.Trailer, metadata: { "biz-status": "404", "biz-extra": "no JSON" } })
    ),
  ],
  "12004: bytes that are no frame": async () => [
    await clientRead(({ peer }) => peer.sendBytes(text.encode("HTTP/1.1 400 Bad Request\r\n\r\n"))),
  ],
  "12005: sending on a closed side": async () => {
    await using client = new ClientScript();
    const stream = client.open();
    await stream.writable.close();
    return [messageOf(await rejection(stream.send(new Uint8Array(1))))];
  },
  "12006: the connection is gone (client)": async () => [
    await clientRead(({ peer }) => peer.close()),
  ],
  "12007: cancelled": async () => {
    const call = async (connection: Connection) => {
      const asked = createClient(Chat, connection).ask("Why?");
      await asked.header;
      await asked.cancel();
      await asked.closed;
    };
    const { client, server } = await ends(tt, answersThenWaits, call);
    return [client, server];
  },
  "12008: cancelled, with a reason": async () => {
    const call = async (connection: Connection) => {
      const asked = createClient(Chat, connection).ask("Why?");
      await asked.header;
      await asked.cancel("the user pressed stop");
      await asked.closed;
    };
    const { client, server } = await ends(tt, answersThenWaits, call);
    return [client, server];
  },
  "12009, 12010, 12011: cancelled by somebody else": async () => [
    await handlerRead(12009, "a service further down ended", "ServiceA -> ServiceB"),
    await handlerRead(12010, "a service further up ended", "ServiceA -> ServiceB"),
    await handlerRead(12011, "context canceled", "non-ttstream path -> ServiceB"),
  ],
  "12012: the handler returned": async () => {
    await using server = new ServerScript();
    const { signal } = await server.opened();
    server.finish();
    return [messageOf(await aborted(signal))];
  },
  "12013: the connection is gone (server)": async () => {
    await using server = new ServerScript();
    const { signal } = await server.opened();
    await server.peer.close();
    return [messageOf(await aborted(signal))];
  },
  "12014: no message in time": async () => {
    const { client, server } = await ends(tt, answersThenWaits, read({ recvTimeoutMs: 200 }));
    return [client, server];
  },
  "12015: the stream took too long": async () => {
    const { client, server } = await ends(tt, answersThenWaits, read({ timeoutMs: 200 }));
    return [client, server];
  },
  "13: a Rst that says nothing": async () => {
    await using server = new ServerScript();
    const { signal } = await server.opened();
    await server.peer.send({ type: FrameType.Rst });
    return [messageOf(await aborted(signal))];
  },
  "A business error": async () => [
    (await ends(tt, () => {
      throw new BizStatusError(404, "no such model");
    }, read())).client,
  ],
  "1 CANCELLED": async () => {
    const call = async (connection: Connection) => {
      const asked = createClient(Chat, connection).ask("Why?");
      await asked.header;
      await asked.cancel();
      await asked.closed;
    };
    const { client, server } = await ends(grpc(), answersThenWaits, call);
    return [client, server];
  },
  "3, 5, 6, 7, 9, 11, 16: what a handler says": async () => [
    (await ends(grpc(), () => {
      throw new GrpcError(GrpcStatus.InvalidArgument, "no question");
    }, read())).client,
  ],
  "4 DEADLINE_EXCEEDED": async () => [
    (await ends(grpc(), answersThenWaits, read({ timeoutMs: 200 }))).client,
  ],
  "8 RESOURCE_EXHAUSTED": async () => {
    const [near, far] = duplexPair();
    const serving = serveOver(far, (stream) => stream.send(new Uint8Array(2048)), { protocols: [grpc()] });
    const connection = connectOver(near, { protocol: grpc(), maxFrameBytes: 1024 });
    const stream = connection.openStream({ service: "Chat", method: "Ask" });
    const error = await rejection(Array.fromAsync(stream.readable));
    await connection.close();
    await serving.finished;
    return [messageOf(error)];
  },
  "12 UNIMPLEMENTED": async () => [
    (await ends(grpc(), waits, (connection) => Array.fromAsync(createClient(Absent, connection).ask(""))))
      .client,
    (await ends(grpc(), waits, (connection) => Array.fromAsync(createClient(Other, connection).say(""))))
      .client,
  ],
  "13 INTERNAL": async () => [(await ends(grpc(), fails, read())).client],
  "14 UNAVAILABLE": async () => {
    const [near, far] = duplexPair();
    const serving = serveOver(far, waitsRaw, { protocols: [grpc()] });
    const connection = connectOver(near, { protocol: grpc() });
    const stream = connection.openStream({ service: "Chat", method: "Ask" });
    await stream.header;
    serving.abort();
    const error = await rejection(Array.fromAsync(stream.readable));
    await serving.finished.catch(() => {});
    await connection.closed.catch(() => {});
    await using lost = new GrpcScript();
    const reading = rejection(Array.fromAsync(lost.open().readable));
    await lost.peer.close();
    return [messageOf(error), messageOf(await reading)];
  },
  "17: no message in time": async () => [
    (await ends(grpc(), answersThenWaits, read({ recvTimeoutMs: 200 }))).client,
  ],
};

async function answersThenWaits(stream: Parameters<Ask>[0]): Promise<void> {
  await stream.send("well");
  await aborted(stream.signal);
}

async function waitsRaw(stream: ServerStream): Promise<void> {
  stream.sendHeader();
  await aborted(stream.signal);
}

const page = await readPage("docs/errors.md");

/** What the page shows under each of its headings: its first block of text. */
function shown(): Map<string, string[]> {
  const sections = page.text.split(/^#{2,3} /m).slice(1);
  return new Map(sections.map((section) => {
    const heading = section.slice(0, section.indexOf("\n"));
    const block = /^```text\n([^]*?)^```$/m.exec(section)?.[1] ?? "";
    return [heading, block.split("\n").filter((line) => line !== "")];
  }));
}

const sections = shown();

for (const [heading, provoke] of Object.entries(provoked)) {
  Deno.test(`errors.md, ${heading}: what is seen is what is said`, async () => {
    assertEquals(sections.get(heading), [...await provoke()]);
  });
}

Deno.test("errors.md has every code of both protocols in a heading", () => {
  const headings = Object.keys(provoked);
  for (const heading of headings) assertEquals(sections.has(heading), true, heading);
  const numbers = new Set([...sections.keys()].flatMap((heading) => heading.match(/\d+/g) ?? []));
  const codes = [
    ...Object.values(ErrorCode),
    ...Object.values(GrpcStatus).filter((code) => code !== GrpcStatus.OK),
  ];
  assertEquals(codes.filter((code) => !numbers.has(`${code}`)), []);
});
