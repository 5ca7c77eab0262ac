import { jsonLine } from "../cli/json_line.ts";
import type { Output } from "../cli/output.ts";
import { now } from "./clock.ts";
import type { TapEvent } from "./event.ts";
import { type Filter, passes } from "./filter.ts";
import { jsonOf, lineOf } from "./line.ts";
import { Lives } from "./lives.ts";
import { pictureOf } from "./picture.ts";

/** While so many bytes wait for whoever reads the output, lines are left out: the connections must not wait. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

/** Where everything that is seen goes: to the output, as far as it passes the filter, and into the lives. */
export class TapLog {
  readonly #output: Output;
  readonly #filter: Filter;
  readonly #json: boolean;
  readonly #lives = new Lives();
  #leftOut = 0;

  /** A log that writes to `output`. */
  constructor(output: Output, { filter, json }: { readonly filter: Filter; readonly json: boolean }) {
    this.#output = output;
    this.#filter = filter;
    this.#json = json;
  }

  /** Something was seen. */
  see(event: TapEvent): void {
    const shown = passes(this.#filter, event);
    if (shown || event.stream === undefined) this.#lives.see(event);
    if (!shown) return;
    if (this.#output.pendingBytes > MAX_PENDING_BYTES) {
      this.#leftOut++;
      return;
    }
    this.#sayLeftOut();
    this.#output.line(this.#json ? jsonOf(event) : lineOf(event, this.#output));
  }

  /** A connection is over. */
  connectionOver(connection: number): void {
    this.#lives.connectionOver(connection, now());
  }

  /** Shows the streams that have not been shown, and forgets those that have ended. */
  showLives(): void {
    this.#sayLeftOut();
    const { lives, dropped } = this.#lives.lives;
    if (lives.length === 0) return;
    if (this.#json) {
      for (const { marks: _marks, startedAt, end, ...life } of lives) {
        this.#output.line(jsonLine({
          time: new Date(startedAt).toISOString(),
          kind: "stream",
          ...life,
          ...(end === undefined ? {} : { end: { how: end.how, by: end.by, text: end.text } }),
          ms: Number(((end?.at ?? now()) - startedAt).toFixed(3)),
        }));
      }
    } else {
      for (const line of ["", ...pictureOf({ lives, dropped }, this.#output, now()), ""]) {
        this.#output.line(line);
      }
    }
    this.#lives.clear();
  }

  #sayLeftOut(): void {
    if (this.#leftOut === 0) return;
    const text = `${this.#leftOut} lines left out: the output does not keep up`;
    this.#leftOut = 0;
    this.#output.line(this.#json ? jsonLine({ kind: "left out", text }) : text);
  }
}
