/** What a server is to do with bytes that it should not have got. */
export type Expected =
  /** It closes the connection, at once. */
  | { readonly end: "closed" }
  /** It waits for the rest, and closes the connection when that does not come. */
  | { readonly end: "cut" }
  /** The connection and its other streams live on; `answer` is every frame that came for the streams concerned. */
  | { readonly end: "alive"; readonly answer: string };

/** Bytes that are not as they should be. */
export interface Malformed {
  readonly group: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly expected: Expected;
  /** Whether they are the first of their connection; otherwise a stream is open on it, and a message has been echoed. */
  readonly first?: true;
}

/** What a group's table has for each: its name, the bytes and what is expected. */
export type Line = readonly [name: string, bytes: Uint8Array, expected: Expected];

export const closed: Expected = { end: "closed" };
export const cut: Expected = { end: "cut" };

/** Nothing comes back, and nothing else is affected. */
export const ignored: Expected = { end: "alive", answer: "nothing" };
/** A stream as if nothing were wrong. */
export const echoed: Expected = { end: "alive", answer: "Header, Data, Trailer" };

/** The answer is these frames; a Trailer with an exception is `Trailer 6`, by its type. */
export function answered(answer: string): Expected {
  return { end: "alive", answer };
}

/** A group's cases. */
export function group(name: string, lines: readonly Line[], rest: { first?: true } = {}): Malformed[] {
  return lines.map(([line, bytes, expected]) => ({ group: name, name: line, bytes, expected, ...rest }));
}
