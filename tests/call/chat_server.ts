import { BizStatusError, implement, type Metainfo, serve, type Server, ttheader } from "../../mod.ts";
import { loadService } from "../../src/dynamic/mod.ts";
import { grpc } from "../../src/grpc/mod.ts";

/** The path of the IDL, from the root of the repository on. */
export const IDL = "tests/call/chat.thrift";

/** A server of the service `Chat`, and what it was told. */
export class ChatServer implements AsyncDisposable {
  readonly address: string;
  /** The lines that `Log` was given. */
  readonly logged: string[] = [];
  /** What the last call of `Ask` came with. */
  asked: { readonly metainfo: Metainfo; readonly metadata: ReadonlyMap<string, string> } | undefined;
  readonly #server: Server<Deno.NetAddr>;
  readonly #cancelled = Promise.withResolvers<Error>();
  readonly #logged = Promise.withResolvers<void>();

  /** Over TLS, where there is a certificate. */
  constructor(tls: { readonly cert?: string | undefined; readonly key?: string | undefined } = {}) {
    const { cert, key } = tls;
    const options = { hostname: "127.0.0.1", port: 0, protocols: [ttheader(), grpc()], onError() {} };
    this.#server = cert === undefined || key === undefined
      ? serve(options, this.#implemented())
      : serve({ ...options, cert, key }, this.#implemented());
    this.address = `127.0.0.1:${this.#server.addr.port}`;
  }

  /** Resolves with the reason when the signal of a call of `Ask` aborts. */
  get cancelled(): Promise<Error> {
    return this.#cancelled.promise;
  }

  /** Resolves when `Log` was called. */
  get whenLogged(): Promise<void> {
    return this.#logged.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown({ graceMs: 0 });
  }

  #implemented() {
    const Chat = loadService(IDL, "Chat", {
      methods: {
        Ask: "server",
        Talk: "bidirectional",
        Count: "client",
        Add: "unary",
        Withdraw: "unary",
        Cheer: "unary",
        Ping: "unary",
        Forget: "unary",
        Log: "unary",
      },
    });
    return implement(Chat, {
      Ask: (question, stream) => this.#ask(textOf(question), stream),
      async *Talk(stream) {
        for await (const question of stream.readable) yield { text: textOf(question).toUpperCase() };
      },
      async Count(stream) {
        let count = 0;
        for await (const _ of stream.readable) count++;
        return { text: String(count) };
      },
      Add(numbers) {
        if (typeof numbers !== "object" || numbers === null || Array.isArray(numbers)) return 0;
        return Number(numbers.a) + Number(numbers.b);
      },
      Withdraw(amount) {
        if (amount !== "1") throw Chat.exception("Overdrawn", { missing: amount });
        return "0";
      },
      Cheer: (mood) => mood === "BAD" ? "GOOD" : mood,
      Ping: () => "pong",
      Forget: () => null,
      Log: (line) => {
        this.logged.push(String(line));
        this.#logged.resolve();
        return null;
      },
    });
  }

  async *#ask(
    text: string,
    stream: {
      signal: AbortSignal;
      metainfo: Metainfo;
      metadata: ReadonlyMap<string, string>;
      trailer: Map<string, string>;
    },
  ) {
    const { signal, metainfo, metadata } = stream;
    this.asked = { metainfo, metadata };
    signal.addEventListener("abort", () => this.#cancelled.resolve(signal.reason));
    if (text === "business") throw new BizStatusError(404, "no such model", { model: "gpt-0" });
    if (text === "boom") throw new Error("boom");
    stream.trailer.set("tokens", "2");
    for (const word of text.split(" ")) yield { text: word };
    if (text === "many") { for (let i = 0; i < 1_000_000; i++) yield { text: `${i}`.repeat(100) }; }
    if (text === "forever") await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }
}

function textOf(question: unknown): string {
  const text: unknown = typeof question === "object" && question !== null
    ? Reflect.get(question, "text")
    : undefined;
  return typeof text === "string" ? text : "";
}
