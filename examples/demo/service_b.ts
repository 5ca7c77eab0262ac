/** ServiceB: between the gateway and the model. It asks on, and hands the answers back as they come. */
import { connect, createClient, implement, serve } from "@ttstream/ttstream";
import { Chat, Model } from "../gen/chat.ts";
import { demoGone } from "./lifeline.ts";
import { report } from "./report.ts";

const modelPort = Number(Deno.args[0]);

// One connection carries any number of streams. `serviceName` is the name that the cancel path will show.
await using connection = await connect({ hostname: "127.0.0.1", port: modelPort, serviceName: "ServiceB" });
const model = createClient(Model, connection);

const chat = implement(Chat, {
  ask(request, stream) {
    report.asked("asks ServiceC on");
    // `parent` ties the two streams together: when the one we answer ends, so does the one we read, at once, for the
    // same reason, and with our name behind the names of those who cancelled before us.
    const answers = model.generate(request, { parent: stream });
    stream.signal.addEventListener("abort", () => report.ended(stream.signal.reason));
    // A handler may return its answers instead of yielding them: this is the whole relay.
    return answers;
  },
});

await using server = serve(
  { hostname: "127.0.0.1", port: 0, serviceName: "ServiceB", signal: demoGone, onListen: report.listening },
  chat,
);
await server.finished;
