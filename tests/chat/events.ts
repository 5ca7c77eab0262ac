/** The events of an answer, as a client without a page reads them. */
import { assert, assertEquals } from "@std/assert";
import { serverSentEvents } from "../../examples/chat/page/sse.js";

export interface Event {
  readonly event: string;
  readonly data: { readonly text?: string; readonly message?: string; readonly usage?: number };
}

/** The events of an answer that has begun. */
export async function* eventsOf(response: Response): AsyncGenerator<Event> {
  assertEquals([response.status, response.headers.get("content-type")], [
    200,
    "text/event-stream; charset=utf-8",
  ]);
  assert(response.body !== null);
  yield* serverSentEvents(response.body);
}

/** The first event of that name, and all that came before it. */
export async function upTo(events: AsyncGenerator<Event>, name: string): Promise<Event[]> {
  const seen: Event[] = [];
  for (let next = await events.next(); !next.done; next = await events.next()) {
    seen.push(next.value);
    if (next.value.event === name) return seen;
  }
  throw new Error(`no ${name} in ${JSON.stringify(seen)}`);
}

/** The answer's text, as far as it has come. */
export function textIn(events: readonly Event[]): string {
  return events.filter(({ event }) => event === "token").map(({ data }) => data.text).join("");
}
