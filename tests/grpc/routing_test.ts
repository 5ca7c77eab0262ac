/** Whom a path's service goes to: Kitex's clients put the IDL's namespace in front of a Thrift service's name. */
import { assertEquals } from "@std/assert";
import {
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  route,
  serveOver,
  type ServiceHandler,
} from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { text } from "../support/codecs.ts";
import { streamErrorOf } from "../support/failures.ts";
import { duplexPair } from "../support/pair.ts";
import { rejectionText } from "../support/rejection.ts";
import { lastHeaders } from "./http2_peer.ts";
import { request, ServerScript } from "./scripts.ts";

/** A service with one unary method, which says who it is. */
function named(name: string): ServiceHandler {
  const service = defineService(name, { who: { kind: "unary", name: "Who", request: text, response: text } });
  return implement(service, { who: (_request, stream) => `${name} for ${stream.service}` });
}

async function answerOf(handler: Handler, service: string): Promise<string> {
  const [near, far] = duplexPair();
  const serving = serveOver(far, handler, { protocols: [grpc()] });
  await using connection = connectOver(near, { protocol: grpc() });
  const asked = defineService(service, {
    who: { kind: "unary", name: "Who", request: text, response: text },
  });
  try {
    return await createClient(asked, connection).who("").catch((error) => error.message);
  } finally {
    await connection.close();
    await serving.finished;
  }
}

const UNKNOWN = "rpc error: code = 12 desc = unknown service";
const one = named("TestService");
const packaged = named("testsvc.TestService");
const both = route(one, packaged);
const withFallback = route(one, async (stream) => void await stream.send(text.encode("the fallback")));

const rows: { what: string; handler: Handler; service: string; answer: string }[] = [
  { what: "the name itself", handler: one, service: "TestService", answer: "TestService for TestService" },
  {
    what: "a package before it",
    handler: one,
    service: "a.TestService",
    answer: "TestService for a.TestService",
  },
  {
    what: "packages before it",
    handler: one,
    service: "a.b.TestService",
    answer: "TestService for a.b.TestService",
  },
  { what: "another name", handler: one, service: "a.OtherService", answer: `${UNKNOWN} a.OtherService` },
  {
    what: "a name that ends alike",
    handler: one,
    service: "MyTestService",
    answer: `${UNKNOWN} MyTestService`,
  },
  {
    what: "the name as a package",
    handler: one,
    service: "TestService.Other",
    answer: `${UNKNOWN} TestService.Other`,
  },
  { what: "a dot at the end", handler: one, service: "TestService.", answer: `${UNKNOWN} TestService.` },
  {
    what: "a service with a package, exactly",
    handler: packaged,
    service: "testsvc.TestService",
    answer: "testsvc.TestService for testsvc.TestService",
  },
  {
    what: "a service with another package",
    handler: packaged,
    service: "other.TestService",
    answer: `${UNKNOWN} other.TestService`,
  },
  {
    what: "a service with a package, by its short name",
    handler: packaged,
    service: "TestService",
    answer: `${UNKNOWN} TestService`,
  },
  {
    what: "the exact one of two",
    handler: both,
    service: "testsvc.TestService",
    answer: "testsvc.TestService for testsvc.TestService",
  },
  {
    what: "the short one of two",
    handler: both,
    service: "other.TestService",
    answer: "TestService for other.TestService",
  },
  {
    what: "the short one before the fallback",
    handler: withFallback,
    service: "a.TestService",
    answer: "TestService for a.TestService",
  },
  { what: "the fallback", handler: withFallback, service: "a.Other", answer: "the fallback" },
];

for (const { what, handler, service, answer } of rows) {
  Deno.test(`a path with ${what}: /${service}/Who is answered by ${answer}`, async () => {
    assertEquals(await answerOf(handler, service), answer);
  });
}

Deno.test("TTHeader Streaming has no packages: a dot is part of the name", async () => {
  const [near, far] = duplexPair();
  const serving = serveOver(
    far,
    implement(Echo, { echo: ({ readable }) => Array.fromAsync(readable).then(() => {}) }),
  );
  const connection = connectOver(near);
  const error = await streamErrorOf(
    Array.fromAsync(connection.openStream({ service: "a.TestService", method: "echo" })),
  );
  assertEquals(error.description, "unknown service a.TestService");
  await connection.close();
  await serving.finished;
});

const Echo = defineService("TestService", { echo: { kind: "bidirectional", request: text, response: text } });

for (
  const [path, line] of [
    ["/TestService/Nope", "grpc-status=12 grpc-message=unknown method Nope"],
    ["/TestService/", "grpc-status=12 grpc-message=unknown method%20"],
    ["/TestService", "grpc-status=12 grpc-message=unknown method TestService"],
    ["/", "grpc-status=12 grpc-message=unknown method%20"],
    ["TestService/echo", "grpc-status=12 grpc-message=unknown method TestService/echo"],
    ["*", "grpc-status=12 grpc-message=unknown method *"],
    ["/a/b/c", "grpc-status=12 grpc-message=unknown service a/b"],
    ["/%00%22/x", "grpc-status=12 grpc-message=unknown service %2500%2522"],
  ]
) {
  Deno.test(`the path ${path} is answered by ${line}`, async () => {
    await using script = new ServerScript(implement(Echo, { echo: () => {} }));
    await script.peer.send(lastHeaders(1, request([":path", path ?? ""])));
    const answer = await script.peer.line();
    assertEquals(answer, `HEADERS 1 :status=200 content-type=application/grpc ${line} end`);
    assertEquals(script.errors, []);
  });
}

Deno.test("an unknown service and an unknown method are not to be tried again", async () => {
  const [near, far] = duplexPair();
  serveOver(far, one, { protocols: [grpc()] });
  await using connection = connectOver(near, { protocol: grpc() });
  const stream = connection.openStream({ service: "Other", method: "Who" });
  const text = await rejectionText(Array.fromAsync(stream));
  assertEquals(text, `${UNKNOWN} Other`);
  const end = await stream.closed.catch((error) => error);
  assertEquals([end.retryable, end.service, end.method], [false, "Other", "Who"]);
});
