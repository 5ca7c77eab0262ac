/** One answer on its way to one page: everything that ends it early, and the events that the page reads. */
import { BizStatusError, type Client, type ClientStream, StreamError } from "@ttstream/ttstream";
import { CHAIN_ID } from "./chain.ts";
import type { Assistant, Question, Token } from "./gen/chat.ts";
import type { Limits } from "./limits.ts";
import type { ServerSentEvent } from "./sse.ts";

/** Milliseconds between two pictures of the chain. */
const PICTURE_MS = 100;

export class Answer {
  /** Settles when the stream has ended, however it has. */
  readonly ended: Promise<void>;
  readonly #call: ClientStream<Question, Token>;
  readonly #tokens: AsyncIterator<Token>;
  readonly #silent = new AbortController();
  readonly #silenceMs: number;
  #listening: ReturnType<typeof setTimeout> | undefined;
  #kept = false;
  #over = false;

  /**
   * Asks.
   *
   * @param id Goes with the stream through the whole chain, as metainfo.
   * @param left Aborts when the page leaves.
   */
  constructor(
    assistant: Client<typeof Assistant.methods>,
    { id, text, left, limits }: { id: string; text: string; left: AbortSignal; limits: Limits },
  ) {
    this.#silenceMs = limits.silenceMs;
    this.#call = assistant.ask({
      metainfo: { persistent: { [CHAIN_ID]: id } },
      // Two may end it from this side: the page that leaves, and the page that nothing is heard of any more.
      signal: AbortSignal.any([left, this.#silent.signal]),
      firstMessageTimeoutMs: limits.firstTokenMs,
      recvTimeoutMs: limits.tokenMs,
      timeoutMs: limits.answerMs,
    });
    this.#tokens = this.#call[Symbol.asyncIterator]();
    this.ended = this.#call.closed.catch(() => {}).finally(() => {
      this.#over = true;
      clearTimeout(this.#listening);
    });
    this.#call.send({ text }).catch(() => {/* the stream's end: whoever reads is told */});
  }

  /**
   * Waits for the first token: up to then an error can still be an HTTP status.
   *
   * @throws (rejects) The stream's end.
   */
  async begin(): Promise<IteratorResult<Token>> {
    const first = await this.#tokens.next();
    this.heard();
    return first;
  }

  /** Stop, and keep what there is: the half close. The model then comes to an end by itself. */
  async keep(): Promise<void> {
    if (this.#kept) return;
    this.#kept = true;
    await this.#call.writable.close().catch(() => {/* it has come to its end meanwhile */});
  }

  /** The page is there: it has answered a heartbeat. */
  heard(): void {
    clearTimeout(this.#listening);
    if (this.#over) return;
    this.#listening = setTimeout(() => {
      this.#silent.abort(new Error(`the page has answered no heartbeat for ${this.#silenceMs} ms`));
    }, this.#silenceMs);
  }

  /**
   * The events of the answer: `token`, `chain`, and at the end one of `done` and `error`.
   *
   * @param first What {@linkcode Answer.begin} gave.
   * @param picture The chain as it is now.
   */
  async *events(first: IteratorResult<Token>, picture: () => unknown): AsyncGenerator<ServerSentEvent> {
    try {
      let pictured = 0;
      for (let next = first; !next.done; next = await this.#tokens.next()) {
        yield { event: "token", data: { text: next.value.text } };
        if (performance.now() - pictured < PICTURE_MS) continue;
        pictured = performance.now();
        yield { event: "chain", data: picture() };
      }
      const usage = (await this.#call.trailer).get("usage-tokens");
      yield { event: "done", data: { usage: Number(usage ?? NaN), kept: this.#kept, chain: picture() } };
    } catch (error) {
      yield { event: "error", data: { ...problemOf(error), chain: picture() } };
    } finally {
      // Where the page stopped reading: the same as its leaving, and nothing where the stream has ended.
      await this.#call.cancel();
    }
  }
}

/** An error as the page is told of it. */
export interface Problem {
  /** What it is as an HTTP status. */
  readonly status: number;
  readonly message: string;
}

/** What went wrong with an answer. */
export function problemOf(error: unknown): Problem {
  if (error instanceof BizStatusError) {
    const { statusCode, statusMessage } = error;
    return { status: statusCode >= 400 && statusCode <= 599 ? statusCode : 422, message: statusMessage };
  }
  if (!(error instanceof StreamError)) {
    // Bytes that are no token, say. Nobody has foreseen it: somebody is to see it.
    console.error(error);
    return { status: 500, message: String(error) };
  }
  // 499 is what nginx writes down for a client that has left: nobody reads it.
  const status = { timeout: 504, application: 502, protocol: 502, canceled: 499 }[error.kind];
  return { status, message: error.message };
}
