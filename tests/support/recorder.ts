import type { Observer, StreamEnd, StreamInfo } from "../../mod.ts";

/** What an observer has been told of one stream. */
export class Recorded {
  readonly info: StreamInfo;
  /** One line for each event, in their order; sizes in bytes. */
  readonly lines: string[] = [];
  readonly ends: StreamEnd[] = [];
  readonly #ended = Promise.withResolvers<StreamEnd>();

  constructor(info: StreamInfo) {
    this.info = info;
  }

  /** The one end; resolves when it has come. */
  get ended(): Promise<StreamEnd> {
    return this.#ended.promise;
  }

  end(end: StreamEnd): void {
    this.ends.push(end);
    this.lines.push(end.error === undefined ? "ended" : `ended: ${end.error.message}`);
    this.#ended.resolve(end);
  }
}

/** An observer that remembers all it is told. */
export class Recorder implements Observer {
  readonly streams: Recorded[] = [];
  #arrival: PromiseWithResolvers<void> = Promise.withResolvers();

  opened(info: StreamInfo) {
    const recorded = new Recorded(info);
    this.streams.push(recorded);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
    return {
      run<T>(task: () => T): T {
        recorded.lines.push("run");
        return task();
      },
      header: () => void recorded.lines.push("header"),
      sent: (bytes: number) => void recorded.lines.push(`sent ${bytes}`),
      received: (bytes: number) => void recorded.lines.push(`received ${bytes}`),
      draining: () => void recorded.lines.push("draining"),
      ended: (end: StreamEnd) => recorded.end(end),
    };
  }

  /** The stream that began as the `index`th, once it has. */
  async stream(index = 0): Promise<Recorded> {
    for (;;) {
      const stream = this.streams[index];
      if (stream !== undefined) return stream;
      await this.#arrival.promise;
    }
  }
}
