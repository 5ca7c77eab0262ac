import { concat } from "@std/bytes/concat";
import { isBrokenPipe } from "../net/platform.ts";

/** Where a command writes: stdout or stderr. */
export interface OutputSink {
  /** Writes some of `bytes`: how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** What an output looks like. */
export interface OutputLook {
  /** Whether colours are wanted: a terminal, and no NO_COLOR. */
  readonly coloured: boolean;
  /** How wide it is, in characters. */
  readonly columns: number;
}

/** The colours there are, as SGR sequences. */
const STYLES = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
/** One of the styles that text may have. */
export type Style = keyof typeof STYLES;

const utf8 = new TextEncoder();

/** Lines of text on their way out. A line never waits; whoever makes many looks at `pendingBytes`, or awaits `written`. */
export class Output {
  /** How it looks. */
  readonly look: OutputLook;
  readonly #sink: OutputSink;
  readonly #broken = new AbortController();
  #queue: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;
  /** Why no more can be written, where it is not that nobody reads. */
  #failure: { readonly error: unknown } | undefined;

  /** An output that writes to `sink`. */
  constructor(sink: OutputSink, look: OutputLook) {
    this.#sink = sink;
    this.look = look;
  }

  /** Aborts when nobody reads the output any more, `| head -1` has what it wants, or it cannot be written. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Bytes that have not left. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Writes a line. What comes after nobody reads is dropped. */
  line(text: string): void {
    if (this.#broken.signal.aborted) return;
    const bytes = utf8.encode(`${text}\n`);
    this.#queue.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when all lines have left, or nobody reads them. Rejects with what the system says where it was neither. */
  async written(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** The text in a colour, where there are colours. */
  paint(style: Style, text: string): string {
    return this.look.coloured ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const bytes = concat(this.#queue);
        this.#queue = [];
        for (let at = 0; at < bytes.length;) at += await this.#sink.write(bytes.subarray(at));
        this.#pendingBytes -= bytes.length;
      }
    } catch (error) {
      this.#queue = [];
      this.#pendingBytes = 0;
      this.#broken.abort(new DOMException("nobody reads the output any more", "AbortError"));
      if (!isBrokenPipe(error)) this.#failure = { error };
    } finally {
      this.#writing = undefined;
    }
  }
}
