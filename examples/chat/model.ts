/** ServiceB, the "model": it thinks for a moment, and then says what it has by heart, token by token. */
import { implement, type NetAddr, type Observer, serve, type Server, ttheader } from "@ttstream/ttstream";
import { grpc } from "@ttstream/ttstream/grpc";
import { setTimeout } from "node:timers/promises";
import { Model } from "./gen/chat.ts";
import { answerTo } from "./texts.ts";

export interface ModelOptions {
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Milliseconds before the first token. Default 400. */
  readonly thinkingMs?: number | undefined;
  /** Milliseconds for each further token. Default 35. */
  readonly tokenMs?: number | undefined;
  readonly observers?: readonly Observer[] | undefined;
}

/** Starts the model. It speaks both protocols on its port: the caller chooses. */
export function startModel(options: ModelOptions = {}): Server<NetAddr> {
  const { port = 0, thinkingMs = 400, tokenMs = 35, observers } = options;
  const model = implement(Model, {
    async *generate({ readable, header, trailer, signal }) {
      const requests = readable[Symbol.asyncIterator]();
      const question = await requests.next();
      const answer = answerTo(question.done ? "" : question.value.text);

      // Nothing comes after the question but the half close, and that may take its time. Where the stream ends first,
      // this rejects, and `signal` has told it already.
      let enough = false;
      requests.next().then(() => enough = true, () => {});

      if (answer.length !== undefined) header.set("planned-tokens", String(answer.length));
      let made = 0;
      for (const text of answer.tokens) {
        // Work that is given the signal ends with the stream at once, not at its next token.
        await setTimeout(made === 0 ? thinkingMs : tokenMs, undefined, { signal });
        yield { text };
        made++;
        if (enough && /[.!?]"?$/.test(text)) break;
      }
      if (answer.mishap === "silence") await setTimeout(3_600_000, undefined, { signal });
      if (answer.mishap === "failure") throw new Error("the model has lost its thread");
      trailer.set("usage-tokens", String(made));
    },
  });
  return serve(
    // A failure is told to the caller, and shown in the browser: nothing needs to be printed.
    { hostname: "127.0.0.1", port, protocols: [ttheader(), grpc()], observers, onError() {} },
    model,
  );
}
