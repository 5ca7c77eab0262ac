/** The chain of streams behind each answer, as the services' observers see it: who knew what, and when. */
import { type Observer, type Side, StreamError, type StreamInfo } from "@ttstream/ttstream";

/** The metainfo that tells which chain a stream belongs to. In upper case, since gRPC has no other. */
export const CHAIN_ID = "CHAIN_ID";

/** Chains that are remembered: a page may ask for its last one after a reload. */
const REMEMBERED = 500;

/** One end of one stream. */
export interface StreamPicture {
  /** Whose end it is. */
  readonly service: string;
  readonly side: Side;
  /** Tokens that went through this end. */
  readonly tokens: number;
  readonly end?: EndPicture | undefined;
}

/** How one end of a stream ended. */
export interface EndPicture {
  /** Milliseconds after the first of all ends. */
  readonly afterMs: number;
  /** The error's whole text; absent where it ended well. */
  readonly message?: string | undefined;
  readonly description?: string | undefined;
  readonly code?: number | undefined;
  readonly path?: readonly string[] | undefined;
}

/** A chain at one moment. */
export interface ChainPicture {
  readonly streams: readonly StreamPicture[];
  /** Streams of this chain that have not ended, each counted at both of its ends. */
  readonly open: number;
  /** Tokens that the whole answer would have; absent where nobody knows. */
  readonly planned?: number | undefined;
  /** The service that ended it: the first that knew of an error, or the model, where all is well. Absent before. */
  readonly endedBy?: string | undefined;
  /** When the first of its ends ended, in `Date.now()`'s milliseconds. Absent before. */
  readonly endedAt?: number | undefined;
}

/** All chains. */
export class Chains {
  readonly #chains = new Map<string, Chain>();
  #open = 0;

  /** Streams of all chains that have not ended, each counted at both of its ends. */
  get open(): number {
    return this.#open;
  }

  /** An observer for the connections and the server of one service. */
  observer(service: string): Observer {
    return {
      opened: (info) => {
        const id = info.metainfo.persistent.get(CHAIN_ID);
        if (id === undefined) return;
        const stream = this.#chain(id).add(service, info);
        this.#open++;
        return {
          header: (metadata) => stream.header(metadata.get("planned-tokens")),
          // Tokens come at a client, and go at a server.
          ...(info.side === "client" ? { received: () => stream.token() } : { sent: () => stream.token() }),
          ended: ({ error }) => {
            this.#open--;
            stream.ended(error);
          },
        };
      },
    };
  }

  /** The chain as it is now; `undefined` where it is not known, or not any more. */
  picture(id: string): ChainPicture | undefined {
    return this.#chains.get(id)?.picture();
  }

  #chain(id: string): Chain {
    const known = this.#chains.get(id);
    if (known !== undefined) return known;
    const chain = new Chain();
    this.#chains.set(id, chain);
    const [oldest] = this.#chains.keys();
    if (this.#chains.size > REMEMBERED && oldest !== undefined) this.#chains.delete(oldest);
    return chain;
  }
}

class Chain {
  readonly #streams: StreamEnd[] = [];

  add(service: string, { side }: StreamInfo): StreamEnd {
    const stream = new StreamEnd(service, side);
    this.#streams.push(stream);
    return stream;
  }

  picture(): ChainPicture {
    const ended = this.#streams.filter(({ end }) => end !== undefined)
      .sort((a, b) => (a.end?.at ?? 0) - (b.end?.at ?? 0));
    const firstAt = ended[0]?.end?.at;
    const open = this.#streams.length - ended.length;
    const culprit = ended.find(({ end }) => end?.error !== undefined)?.service;
    return {
      streams: this.#streams.map((stream) => stream.picture(firstAt ?? 0)),
      open,
      planned: this.#streams.find(({ planned }) => planned !== undefined)?.planned,
      endedBy: culprit ?? (open === 0 ? "ServiceB" : undefined),
      endedAt: firstAt === undefined ? undefined : performance.timeOrigin + firstAt,
    };
  }
}

class StreamEnd {
  #tokens = 0;
  planned: number | undefined;
  end: { readonly at: number; readonly error: Error | undefined } | undefined;
  readonly service: string;
  readonly #side: Side;

  constructor(service: string, side: Side) {
    this.service = service;
    this.#side = side;
  }

  token(): void {
    this.#tokens++;
  }

  header(planned: string | undefined): void {
    if (planned !== undefined) this.planned = Number(planned);
  }

  ended(error: Error | undefined): void {
    this.end = { at: performance.now(), error };
  }

  picture(firstAt: number): StreamPicture {
    return { service: this.service, side: this.#side, tokens: this.#tokens, end: this.#endPicture(firstAt) };
  }

  #endPicture(firstAt: number): EndPicture | undefined {
    if (this.end === undefined) return undefined;
    const { at, error } = this.end;
    const afterMs = at - firstAt;
    if (error === undefined) return { afterMs };
    if (!(error instanceof StreamError)) return { afterMs, message: error.message };
    const { message, description, code, cancelPath } = error;
    return { afterMs, message, description, code, path: cancelPath };
  }
}
