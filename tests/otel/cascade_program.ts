// A service of a cascade, as its user would write it: nothing of OpenTelemetry is set up. Arguments: `serve`, and the
// next service's port where there is one; or `call`, and a port. A server says its port, and ends with its stdin.
import { connect, createClient, defineService, implement, serve } from "../../mod.ts";
import { metrics, tracing } from "../../src/otel/mod.ts";
import { text } from "../support/codecs.ts";

const [role, port] = Deno.args;
const serviceName = Deno.env.get("OTEL_SERVICE_NAME");
const observers = [tracing(), metrics()];
const Chat = defineService("Chat", { ask: { name: "Ask", kind: "server", request: text, response: text } });

async function next() {
  const connection = await connect({ hostname: "127.0.0.1", port: Number(port), serviceName, observers });
  return { connection, chat: createClient(Chat, connection) };
}

if (role === "call") {
  const { connection, chat } = await next();
  const controller = new AbortController();
  try {
    for await (const _ of chat.ask("why?", { signal: controller.signal })) controller.abort();
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
  }
  await connection.close();
} else {
  const following = port === undefined ? undefined : await next();
  const server = serve(
    { hostname: "127.0.0.1", port: 0, observers, onError: () => {} },
    implement(Chat, {
      async *ask(question, stream) {
        if (following !== undefined) yield* following.chat.ask(question, { parent: stream });
        else {
          yield "because";
          // The answer takes for ever, if nobody ends it.
          await new Promise((_, reject) =>
            stream.signal.addEventListener("abort", () => reject(stream.signal.reason))
          );
        }
      },
    }),
  );
  if (server.addr.transport === "tcp") console.log(server.addr.port);
  for await (const _ of Deno.stdin.readable);
  await server.shutdown();
  await following?.connection.close();
}
