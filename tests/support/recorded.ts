/** What a program of a recorded conversation noted: an event, and the text of its error where there was one. */
export interface RecordedEvent {
  readonly ev: string;
  readonly err?: { readonly text: string } | null;
}

/** A recorded conversation with Kitex: what its programs noted. */
export type Recording = Readonly<Record<"client" | "server" | "serverB" | "serverC", RecordedEvent[]>>;

/** Reads a recording by its name. */
export async function recording(name: string): Promise<Recording> {
  return JSON.parse(await Deno.readTextFile(new URL(`../vectors/${name}.json`, import.meta.url)));
}

/** The text that a program of Kitex's printed at `ev`; a test that asks for one which is not there fails. */
export function textAt(events: readonly RecordedEvent[], ev: string): string {
  for (const event of events) {
    if (event.ev === ev && event.err) return event.err.text;
  }
  throw new Error(`the recording has no error at "${ev}"`);
}
