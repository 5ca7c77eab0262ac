import { defineService, type Handler, implement } from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";

/** A service with a method of each kind. */
export const Words = defineService("Words", {
  /** The server's name, and each word. `hang` sends the name and then nothing, until it is cancelled. */
  ask: { kind: "server", request: text, response: text },
  /** The server's name and all words. */
  join: { kind: "client", request: text, response: text },
  /** The server's name, then each message as it comes. */
  talk: { kind: "bidirectional", request: text, response: text },
});

/** The service, by a server of that name. */
export function words(name: string): Handler {
  return implement(Words, {
    async *ask(request, { signal }) {
      yield name;
      if (request === "hang") await aborted(signal);
      yield* request.split(" ");
    },
    join: async ({ readable }) => [name, ...await Array.fromAsync(readable)].join(" "),
    async *talk({ readable }) {
      yield name;
      yield* readable;
    },
  });
}
