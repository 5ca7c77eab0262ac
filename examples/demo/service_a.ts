/** ServiceA: the gateway. HTTP in front, a stream to ServiceB behind. `GET /?until=WORD` is told no more than WORD. */
import { connect, createClient, type ServerStreamingCall, TTStreamError } from "@ttstream/ttstream";
import { Chat, type ChatResponse } from "../gen/chat.ts";
import { demoGone } from "./lifeline.ts";
import { now, report } from "./report.ts";

const chatPort = Number(Deno.args[0]);

await using connection = await connect({ hostname: "127.0.0.1", port: chatPort, serviceName: "ServiceA" });
const chat = createClient(Chat, connection);

function answer(request: Request): Response {
  const until = new URL(request.url).searchParams.get("until");
  report.asked("asks ServiceB");

  // Two may cancel: the user by leaving, which is `request.signal`, or the gateway by itself.
  const enough = new AbortController();
  const call = chat.ask(
    { message: "Tell me a story." },
    { signal: AbortSignal.any([request.signal, enough.signal]) },
  );
  // `trailer` settles when the stream has ended, and rejects with the error where it did not end well.
  call.trailer.then(() => report.ended(), (error) => report.ended(error));

  const stopAt = (word: string) => {
    if (until === null || !word.includes(until)) return;
    const at = now();
    enough.abort();
    report.cancels(`sees "${until}" and cancels`, at);
  };
  return new Response(ReadableStream.from(words(call, stopAt)).pipeThrough(new TextEncoderStream()));
}

/** The answer's words, up to its end or to a cancel; `seen` is told of each and may cancel. */
async function* words(
  call: ServerStreamingCall<ChatResponse>,
  seen: (word: string) => void,
): AsyncGenerator<string> {
  try {
    for await (const { word } of call) {
      seen(word);
      yield word;
    }
  } catch (error) {
    // To the user a cancelled answer simply ends here; one that failed must break off.
    if (!(error instanceof TTStreamError && error.kind === "canceled")) throw error;
  }
}

await using http = Deno.serve(
  { hostname: "127.0.0.1", port: 0, signal: demoGone, onListen: report.listening },
  answer,
);
await http.finished;
