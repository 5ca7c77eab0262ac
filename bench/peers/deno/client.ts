/** The library's client. Arguments: the flavour of the messages, the protocol, the server's port, the observers. */
import { type Client, type ClientStream, connect, type Connection, createClient } from "../../../mod.ts";
import { answerCommands, each, memory, Span, wallMs } from "../answer.ts";
import type { Command, Reply } from "../commands.ts";
import type { Flavour } from "./flavour.ts";
import { withFlavour } from "./flavours.ts";
import { observersNamed } from "./observers.ts";
import { protocolNamed } from "./protocols.ts";
import { type BenchMethods, benchService } from "./service.ts";

const [flavourName, protocol, port, observers] = Deno.args;

class Caller<T> {
  readonly #flavour: Flavour<T>;
  readonly #connections: Connection[] = [];
  readonly #clients: Client<BenchMethods<T>>[] = [];
  readonly #held: (ClientStream<T, T> | AbortController)[] = [];

  constructor(flavour: Flavour<T>) {
    this.#flavour = flavour;
  }

  async answer(command: Command): Promise<Reply> {
    switch (command.do) {
      case "stream":
        await this.#connect(1);
        return await each(command.streams ?? 1, () => this.#receiveAll(command.ms, command.size));
      case "collect":
        await this.#connect(1);
        return await each(command.streams ?? 1, () => this.#sendAll(command.ms, command.size, command.by));
      case "pingPong": {
        const { streams, connections = 1, ms, size } = command;
        await this.#connect(connections);
        const message = this.#flavour.message(size);
        const opened = await Promise.all(
          Array.from(
            { length: streams },
            (_, stream) => Echo.open(this.#client(stream % connections), message),
          ),
        );
        return await each(streams, (stream, tookMs) => this.#pingPong(opened[stream], ms, tookMs));
      }
      case "openClose":
        await this.#connect(1);
        return await each(command.streams, (_, tookMs) => this.#openClose(command.ms, command.size, tookMs));
      case "calls":
        await this.#connect(1);
        return await this.#calls(command.count, command.size);
      case "unary":
        await this.#connect(1);
        return await each(command.streams, (_, tookMs) => this.#callAll(command.ms, command.size, tookMs));
      case "hold": {
        const { streams, connections = 1, cancellable = false } = command;
        await this.#connect(connections);
        return this.#hold(streams, connections, cancellable);
      }
      case "cancel":
        return await this.#cancel(command);
      case "memory":
        return await memory();
      default:
        throw new Error("a client has no such command");
    }
  }

  async #connect(connections: number): Promise<void> {
    while (this.#connections.length < connections) {
      const connection = await connect({
        hostname: "127.0.0.1",
        port: Number(port),
        serviceName: "ServiceA",
        protocol: await protocolNamed(protocol),
        observers: await observersNamed(observers),
      });
      this.#connections.push(connection);
      this.#clients.push(createClient(benchService(this.#flavour.codec), connection));
    }
  }

  #client(index: number): Client<BenchMethods<T>> {
    const client = this.#clients[index];
    if (client === undefined) throw new Error(`no connection ${index}`);
    return client;
  }

  async #receiveAll(ms: number, size: number): Promise<number> {
    let count = 0;
    for await (const _ of this.#client(0).stream(this.#flavour.request({ ms, size }))) count++;
    return count;
  }

  async #sendAll(
    ms: number,
    size: number,
    by: "writable" | "send" | "sendAll" = "writable",
  ): Promise<number> {
    const call = this.#client(0).collect();
    const message = this.#flavour.message(size);
    const span = new Span(ms);
    if (by === "sendAll") {
      await call.sendAll(repeated(message, span));
    } else if (by === "send") {
      while (!span.over) await call.send(message);
      await call.sendAll([]);
    } else {
      const writer = call.writable.getWriter();
      while (!span.over) await writer.write(message);
      await writer.close();
    }
    return this.#flavour.count(await call.response);
  }

  async #calls(count: number, size: number): Promise<Reply> {
    const message = this.#flavour.message(size);
    for (let i = 0; i < count; i++) {
      const echo = await Echo.open(this.#client(0), message);
      await echo.finish();
    }
    return { count };
  }

  async #pingPong(echo: Echo<T> | undefined, ms: number, tookMs: number[]): Promise<number> {
    if (echo === undefined) throw new Error("no such stream");
    let count = 0;
    for (let sent = performance.now(), until = sent + ms; sent < until; count++) {
      await echo.roundTrip();
      const received = performance.now();
      tookMs.push(received - sent);
      sent = received;
    }
    await echo.finish();
    return count;
  }

  async #openClose(ms: number, size: number, tookMs: number[]): Promise<number> {
    const message = this.#flavour.message(size);
    const client = this.#client(0);
    let count = 0;
    for (let opened = performance.now(), until = opened + ms; opened < until; count++) {
      const echo = await Echo.open(client, message);
      await echo.finish();
      const ended = performance.now();
      tookMs.push(ended - opened);
      opened = ended;
    }
    return count;
  }

  async #callAll(ms: number, size: number, tookMs: number[]): Promise<number> {
    const message = this.#flavour.message(size);
    const client = this.#client(0);
    let count = 0;
    for (let sent = performance.now(), until = sent + ms; sent < until; count++) {
      await client.unary(message);
      const received = performance.now();
      tookMs.push(received - sent);
      sent = received;
    }
    return count;
  }

  #hold(streams: number, connections: number, cancellable: boolean): Reply {
    for (let i = 0; i < streams; i++) {
      const client = this.#client(i % connections);
      if (!cancellable) {
        this.#held.push(client.idle());
        continue;
      }
      const controller = new AbortController();
      client.idle({ signal: controller.signal, metadata: { number: String(this.#held.length + 1) } });
      this.#held.push(controller);
    }
    return {};
  }

  async #cancel({ ms, neighbours }: Command & { readonly do: "cancel" }): Promise<Reply> {
    const { down = 0, up = 0, size = 0 } = neighbours ?? {};
    const warmUpMs = down + up > 0 ? 300 : 0;
    const traffic = [
      each(down, () => this.#receiveAll(ms + 2 * warmUpMs, size)),
      each(up, () => this.#sendAll(ms + 2 * warmUpMs, size)),
    ];
    await sleep(warmUpMs);
    const at: number[] = [];
    const held = this.#held.splice(0);
    const started = performance.now();
    // As many at a time as are due: a timer cannot fire for each of them.
    for (const controller of held) {
      if (at.length > held.length * (performance.now() - started) / ms) await sleep(1);
      at.push(wallMs());
      if (controller instanceof AbortController) controller.abort();
    }
    const [received, sent] = await Promise.all(traffic);
    return { at, count: (received?.count ?? 0) + (sent?.count ?? 0), seconds: received?.seconds ?? 0 };
  }
}

function* repeated<T>(message: T, span: Span): Generator<T> {
  while (!span.over) yield message;
}

/** A stream that sends back what it gets. */
class Echo<T> {
  readonly #message: T;
  readonly #stream: ClientStream<T, T>;
  readonly #messages: AsyncIterator<T>;

  private constructor(client: Client<BenchMethods<T>>, message: T) {
    this.#message = message;
    this.#stream = client.echo();
    this.#messages = this.#stream[Symbol.asyncIterator]();
  }

  /** Opens one, with a first message each way. */
  static async open<T>(client: Client<BenchMethods<T>>, message: T): Promise<Echo<T>> {
    const echo = new Echo(client, message);
    await echo.roundTrip();
    return echo;
  }

  async roundTrip(): Promise<void> {
    const sent = this.#stream.send(this.#message);
    const { done } = await this.#messages.next();
    if (done) throw new Error("the stream has ended");
    await sent;
  }

  async finish(): Promise<void> {
    await this.#stream.sendAll([]);
    const { done } = await this.#messages.next();
    if (!done) throw new Error("a message came where the end should");
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const answer = await withFlavour(flavourName, <T>(flavour: Flavour<T>) => {
  const caller = new Caller(flavour);
  return (command: Command) => caller.answer(command);
});
await answerCommands({}, answer);
