/** `const { send } = stream` and the like: what is wrong with it is said in words, at both ends, whatever the stream. */
import { assertThrows } from "@std/assert";
import {
  type ClientInterceptor,
  createClient,
  defineService,
  implement,
  type Middleware,
  type ServerStream,
  wrapStream,
} from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { NAMES, ObservedPair } from "../support/observed_pair.ts";
import { untyped } from "../support/untyped.ts";

const Chat = defineService("Chat", {
  talk: { kind: "bidirectional", request: text, response: text },
  join: { kind: "client", request: text, response: text },
});

function assertSaysSo(stream: object, names: readonly string[]): void {
  for (const name of names) {
    const method = untyped<(argument: unknown) => unknown>(Reflect.get(stream, name));
    assertThrows(
      () => method([]),
      TypeError,
      `${name} was called without its stream: call stream.${name}(…)`,
    );
  }
}

/** What middleware hands on. */
const FORMS: Readonly<Record<string, (stream: ServerStream) => ServerStream>> = {
  "the library's own": (stream) => stream,
  "a wrapped one": (stream) => wrapStream(stream, { readable: stream.readable }),
};

for (const protocol of NAMES) {
  for (const [form, hand] of Object.entries(FORMS)) {
    Deno.test(`a handler's method taken off ${form} says so over ${protocol}`, async () => {
      const middleware: Middleware = (next) => (stream) => next(hand(stream));
      const seen = (stream: object) => assertSaysSo(stream, ["send", "sendAll", "sendHeader"]);
      const raw: Middleware = (next) => (stream) => {
        seen(stream);
        return next(stream);
      };
      const chat = implement(Chat, { talk: seen, join: () => "" });
      await using pair = new ObservedPair(protocol, middleware(raw(chat)));
      const talk = createClient(Chat, pair.connection).talk();
      await talk.sendAll([]);
      await talk.closed;
    });
  }

  Deno.test(`a call's method taken off it says so over ${protocol}`, async () => {
    await using pair = new ObservedPair(protocol, implement(Chat, { talk: () => {}, join: () => "" }));
    const wrapped: ClientInterceptor = (call, next) => wrapStream(next(call), {});
    for (const interceptors of [[], [wrapped]]) {
      const chat = createClient(Chat, pair.connection, { interceptors });
      for (const call of [chat.talk(), chat.join()]) {
        assertSaysSo(call, ["send", "sendAll", "cancel"]);
        await call.cancel();
      }
    }
  });
}
