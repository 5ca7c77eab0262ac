/**
 * Authentication: the client sends a token with every call, and the server refuses whoever has none before any of its
 * methods runs.
 *
 *     deno run -N examples/observe/authentication.ts
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

const USERS = new Map([["Bearer 1234", "ann"]]);

const authenticated: ServerInterceptor = (stream, next) => {
  if (USERS.has(stream.metadata.get("authorization") ?? "")) return next(stream);
  throw new BizStatusError(401, "who are you?");
};

const withToken = (token: string): ClientInterceptor => (call, next) =>
  next({ ...call, metadata: new Map([...call.metadata, ["authorization", `Bearer ${token}`]]) });

let calls = 0;
await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Chat, {
    async *ask({ message }, { metadata }) {
      calls++;
      yield { word: `${USERS.get(metadata.get("authorization") ?? "")}, ${message}` };
    },
  }, { interceptors: [authenticated] }),
);

await using connection = await connect({ ...server.addr, serviceName: "ServiceA" });
for (const interceptors of [[], [withToken("guessed")], [withToken("1234")]]) {
  try {
    const chat = createClient(Chat, connection, { interceptors });
    for await (const { word } of chat.ask({ message: "why?" })) console.log(word);
  } catch (error) {
    if (!(error instanceof BizStatusError)) throw error;
    console.log(`${error.statusCode} ${error.statusMessage}`);
  }
}
console.log(`the method ran ${calls} time`);
