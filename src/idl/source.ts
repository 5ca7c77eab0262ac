/** A place in a file, counted from 1 as editors do; columns are UTF-16 units. */
export interface Position {
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
}

/** The text of one IDL file, and where its lines begin. */
export class Source {
  /** How messages call the file. */
  readonly path: string;
  /** What the file says. */
  readonly text: string;
  #lineStarts: number[] | undefined;

  /**
   * A file that has been read.
   *
   * @param path How messages call it.
   * @param text What it says.
   */
  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** The line and column of the character at `offset`. */
  position(offset: number): Position {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  /** The text of a line (from 1), without its end. */
  line(number: number): string {
    const starts = this.#starts();
    return this.text.slice(starts[number - 1] ?? 0, starts[number] ?? this.text.length).replace(
      /[\r\n]+$/,
      "",
    );
  }

  #starts(): number[] {
    if (this.#lineStarts === undefined) {
      this.#lineStarts = [0];
      for (const end of this.text.matchAll(/\r\n|\r|\n/g)) this.#lineStarts.push(end.index + end[0].length);
    }
    return this.#lineStarts;
  }
}
