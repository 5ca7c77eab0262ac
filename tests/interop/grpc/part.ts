/** How one case went. */
export interface Outcome {
  readonly name: string;
  /** Why it failed; nothing where it passed. */
  readonly error?: string | undefined;
  /** What the report says of it where it has passed. Default: that. */
  readonly note?: string | undefined;
}

/** What a part of the judges is run with. */
export interface PartOptions {
  /** The cases whose name has this text in it. */
  readonly only?: string | undefined;
  /** The reference programs against themselves alone. */
  readonly control?: boolean | undefined;
  /** Print what was seen of each case. */
  readonly show?: boolean | undefined;
}
