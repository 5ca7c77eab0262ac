/**
 * What is internal stays in the house: a reason to cancel travels in words to the far end (12008), and so does the text
 * of a handler's error. To a third party neither is anybody's business.
 *
 *     deno run -N examples/observe/redaction.ts
 */
import {
  BizStatusError,
  type ClientInterceptor,
  connect,
  createClient,
  implement,
  serve,
  type ServerInterceptor,
} from "@ttstream/ttstream";
import { Chat } from "../gen/chat.ts";

/** Whatever cancels a call, the third party reads a plain cancel (12007), and nothing of the call that it is made for. */
const discreetCalls: ClientInterceptor = (call, next) => {
  const { signal, parent, ...options } = call.options;
  const stream = next({ ...call, options });
  const leave = () => stream.cancel();
  const over = new AbortController();
  for (const reason of [signal, parent?.signal]) {
    if (reason?.aborted) leave();
    else reason?.addEventListener("abort", leave, { signal: over.signal });
  }
  stream.closed.catch(() => {}).then(() => over.abort());
  return new Proxy(stream, { get: (_, key: keyof typeof stream) => key === "cancel" ? leave : stream[key] });
};

/** Whatever a method fails with, its callers read the same; business errors are answers, and go as they are. */
const discreetErrors: ServerInterceptor = (stream, next) =>
  next(stream).catch((error) => {
    if (stream.signal.aborted || error instanceof BizStatusError) throw error;
    console.log(`our own log: ${error}`);
    throw new Error("internal error");
  });

await using thirdParty = serve(
  { port: 0, hostname: "127.0.0.1", onError() {} },
  implement(Chat, {
    async *ask({ message }, { signal }) {
      if (message === "fail") throw new Error("password of 10.1.2.3 has expired");
      yield { word: "hello" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      console.log(`third party: ${signal.reason.code}`);
    },
  }, { interceptors: [discreetErrors] }),
);

await using connection = await connect({ ...thirdParty.addr, serviceName: "ServiceA" });
const chat = createClient(Chat, connection, { interceptors: [discreetCalls] });
const user = new AbortController();
const first = chat.ask({ message: "why?" }, { signal: user.signal });
await first.header;
user.abort("customer 4711 has not paid");
await first.closed.catch((error) => console.log(`ours: ${error.code}`));
await chat.ask({ message: "fail" }).closed.catch((error) => console.log(`caller: ${error.description}`));
