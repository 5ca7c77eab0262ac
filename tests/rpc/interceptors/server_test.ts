/** What interceptors may do with a service's streams, of every kind and in both protocols. */
import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import {
  BizStatusError,
  createClient,
  implement,
  type Middleware,
  type ServerInterceptor,
  type ServerStream,
  wrapStream,
} from "../../../mod.ts";
import { KINDS, Test } from "../../grpc/pairs.ts";
import { FORMS, handlerOf } from "../../support/forms.ts";
import { NAMES, ObservedPair } from "../../support/observed_pair.ts";
import { rejection } from "../../support/rejection.ts";
import { turns } from "../../support/turns.ts";
import { untyped } from "../../support/untyped.ts";

type Kind = keyof typeof Test;
type Sending = { sendAll(messages: readonly string[]): Promise<void> };

/** Answers "x" with "x!", whatever the kind. */
function service(kind: Kind, interceptors: readonly ServerInterceptor[], called: () => void = () => {}) {
  const options = { interceptors };
  switch (kind) {
    case "unary":
      return implement(Test.unary, {
        echo(request) {
          called();
          return `${request}!`;
        },
      }, options);
    case "server":
      return implement(Test.server, {
        async *echo(request) {
          called();
          yield `${request}!`;
        },
      }, options);
    case "client":
      return implement(Test.client, {
        async echo(stream) {
          called();
          return `${(await Array.fromAsync(stream.readable)).join()}!`;
        },
      }, options);
    case "bidirectional":
      return implement(Test.bidirectional, {
        async *echo(stream) {
          called();
          for await (const message of stream.readable) yield `${message}!`;
        },
      }, options);
  }
}

const tagged = (tag: string): ServerInterceptor => async (stream, next) => {
  const tagging = () =>
    new TransformStream<unknown, unknown>({
      transform: (message, controller) => controller.enqueue(`${tag}${message}`),
    });
  const out = tagging();
  const piped = out.readable.pipeTo(stream.writable);
  const readable = stream.readable.pipeThrough(tagging());
  await Promise.all([next(wrapStream(stream, { readable, writable: out.writable })), piped]);
};

for (const protocol of NAMES) {
  for (const { kind, open } of KINDS) {
    if (kind === "unary" && protocol === "ttheader") continue;
    const name = `${kind} over ${protocol}`;

    /** What comes of a call with "request". */
    const call = async (pair: ObservedPair): Promise<string> => {
      const { call, read } = open(pair.connection);
      if (isSending(call)) call.sendAll(["request"]).catch(() => {});
      return (await read()).join();
    };

    Deno.test(`interceptors nest in their written order, with both sides replaced: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, service(kind, [tagged("a"), tagged("b")]));
      assertEquals(await call(pair), "abbarequest!");
      assertEquals(pair.errors, []);
      assertEquals((await (await pair.server.stream()).ended).error, undefined);
    });

    for (const form of FORMS) {
      Deno.test(`interceptors work within middleware that hands on ${form.name}: ${name}`, async () => {
        await using pair = new ObservedPair(
          protocol,
          handlerOf(form, service(kind, [tagged("a"), tagged("b")])),
        );
        assertEquals(await call(pair), "abbarequest!");
        assertEquals(pair.errors, []);
      });
    }

    Deno.test(`an interceptor refuses before the handler runs: ${name}`, async () => {
      let calls = 0;
      const refuse: ServerInterceptor = () => {
        throw new BizStatusError(401, "who are you?");
      };
      await using pair = new ObservedPair(protocol, service(kind, [refuse], () => calls++));
      const error = await rejection(call(pair));
      assertInstanceOf(error, BizStatusError);
      assertEquals([error.statusCode, calls, pair.errors], [401, 0, []]);
      assertInstanceOf((await (await pair.server.stream()).ended).error, BizStatusError);
    });

    Deno.test(`an interceptor answers itself, or catches what the method throws: ${name}`, async () => {
      const own: ServerInterceptor = (stream) => stream.send("from the cache");
      await using pair = new ObservedPair(protocol, service(kind, [own]));
      assertEquals(await call(pair), "from the cache");

      const caught: ServerInterceptor = (stream, next) => next(stream).catch(() => stream.send("sorry"));
      const failing = service(kind, [caught], () => {
        throw new Error("out of paper");
      });
      await using second = new ObservedPair(protocol, failing);
      assertEquals(await call(second), "sorry");
      assertEquals([...pair.errors, ...second.errors], []);
    });

    Deno.test(`an interceptor that forgets to return next(stream) is told so: ${name}`, async () => {
      const forgetful = untyped<ServerInterceptor>(
        (stream: ServerStream, next: (s: ServerStream) => void) => {
          next(stream);
        },
      );
      const slow: ServerInterceptor = async (stream, next) => {
        await turns(5);
        await next(stream);
      };
      for (const inner of [[], [slow]]) {
        await using pair = new ObservedPair(protocol, service(kind, [forgetful, ...inner]));
        await rejection(call(pair));
        assertStringIncludes(
          `${pair.errors[0]}`,
          "an interceptor of Test/Echo has returned before the method",
        );
      }
    });

    Deno.test(`an interceptor that calls next twice, or with { ...stream }, is told so: ${name}`, async () => {
      const twice: ServerInterceptor = async (stream, next) => {
        await next(stream);
        await next(stream);
      };
      const spread: ServerInterceptor = (stream, next) => next({ ...stream });
      for (
        const [wrong, message] of [[twice, "called next a second time"], [spread, "use wrapStream"]] as const
      ) {
        await using pair = new ObservedPair(protocol, service(kind, [wrong]));
        // The one response of a client stream may have been sent before.
        await call(pair).catch(() => {});
        await (await pair.server.stream()).ended;
        assertStringIncludes(`${pair.errors[0]}`, message);
      }
    });

    Deno.test(`a cancel comes through interceptors, and is nobody's fault: ${name}`, async () => {
      const reached = Promise.withResolvers<unknown>();
      const waits: ServerInterceptor = async (stream, next) => {
        stream.signal.addEventListener("abort", () => reached.resolve(stream.signal.reason));
        await new Promise((resolve) => stream.signal.addEventListener("abort", resolve));
        await next(stream);
      };
      let calls = 0;
      await using pair = new ObservedPair(protocol, service(kind, [tagged("a"), waits], () => calls++));
      const { call } = open(pair.connection);
      await pair.server.stream();
      await turns(5);
      await call.cancel();
      assertInstanceOf(await reached.promise, Error);
      await turns(5);
      assertEquals([calls, pair.errors], [0, []]);
    });
  }
}

Deno.test("middleware on the handler sees bytes, and interceptors within it messages", async () => {
  const lines: string[] = [];
  const middleware: Middleware = (next) => async (stream) => {
    const readable = stream.readable.pipeThrough(
      new TransformStream({
        transform(message, controller) {
          lines.push(`${message.length} bytes`);
          controller.enqueue(message);
        },
      }),
    );
    await next(wrapStream(stream, { readable }));
  };
  const interceptor: ServerInterceptor = (stream, next) => {
    const readable = stream.readable.pipeThrough(
      new TransformStream({
        transform(message, controller) {
          lines.push(`the message ${message}`);
          controller.enqueue(message);
        },
      }),
    );
    return next(wrapStream(stream, { readable }));
  };
  await using pair = new ObservedPair("ttheader", middleware(service("server", [interceptor])));
  assertEquals(await Array.fromAsync(createClient(Test.server, pair.connection).echo("hello")), ["hello!"]);
  assertEquals(lines, ["5 bytes", "the message hello"]);
});

Deno.test("an unknown method is answered before interceptors are asked", async () => {
  let asked = 0;
  const counting: ServerInterceptor = (stream, next) => {
    asked++;
    return next(stream);
  };
  await using pair = new ObservedPair("ttheader", service("server", [counting]));
  const stream = pair.connection.openStream({ service: "Test", method: "Nothing" });
  assertStringIncludes(`${await rejection(stream.closed)}`, "unknown method Nothing");
  assertEquals(asked, 0);
});

Deno.test("a service's interceptors must be an array of functions", () => {
  const wrong = (interceptors: unknown) => () =>
    service("server", untyped<ServerInterceptor[]>(interceptors));
  assertThrows(wrong({}), TypeError, "interceptors must be an array, got [object Object]");
  assertThrows(wrong(["x"]), TypeError, 'interceptors[0] must be a function, got "x"');
});

function isSending(call: object): call is Sending {
  return "sendAll" in call;
}
