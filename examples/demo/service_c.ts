/** ServiceC: a "model". Whatever it is asked, it answers with the same story, word by word. */
import { implement, serve } from "@ttstream/ttstream";
import { setTimeout } from "node:timers/promises";
import { Model } from "../gen/chat.ts";
import { demoGone } from "./lifeline.ts";
import { report } from "./report.ts";

/** Models take their time: milliseconds for each word. */
const PACE_MS = 12;

const story = await Deno.readTextFile(new URL("./story.txt", import.meta.url));
const words = story.match(/\S+\s*/g) ?? [];

const model = implement(Model, {
  async *generate(_request, { signal }) {
    report.asked(`streams story.txt, ${words.length} words`);
    let made = 0;
    // `signal` aborts when the stream ends. Its reason is a TTStreamError: who cancelled, which way it came, and why.
    signal.addEventListener("abort", () => {
      report.ended(signal.reason);
      report.made(`has made ${made} of ${words.length} words`);
    });
    for (const word of words) {
      // Work that is given the signal stops at once, not at its next word.
      await setTimeout(PACE_MS, undefined, { signal });
      // Each `yield` sends one message, and waits while the reader is behind.
      yield { word };
      made++;
    }
  },
});

// No `onError`: a cancelled stream is nobody's fault, and does not come there.
await using server = serve(
  { hostname: "127.0.0.1", port: 0, serviceName: "ServiceC", signal: demoGone, onListen: report.listening },
  model,
);
await server.finished;
