/** The library's server. Arguments: the flavour of the messages, the protocol, the observers, a port that it shares with others. */
import { type Handler, implement, serve } from "../../../mod.ts";
import { answerCommands, memory, Span, wallMs } from "../answer.ts";
import type { Command, Reply } from "../commands.ts";
import type { Flavour } from "./flavour.ts";
import { withFlavour } from "./flavours.ts";
import { observersNamed } from "./observers.ts";
import { protocolNamed } from "./protocols.ts";
import { benchService } from "./service.ts";

const [flavourName, protocol, observers, sharedPort] = Deno.args;

const idle = Promise.withResolvers<void>();
let live = 0;
const aborted: [number, number][] = [];

/** The key of the held streams' numbers; streams without one are not watched. */
const NUMBER_KEY = "number";

function handler<T>(flavour: Flavour<T>): Handler {
  return implement(benchService(flavour.codec), {
    async *stream(request) {
      const { ms, size } = flavour.order(request);
      const message = flavour.message(size);
      for (const span = new Span(ms); !span.over;) yield message;
    },
    async collect(stream) {
      let count = 0;
      for await (const _ of stream.readable) count++;
      return flavour.response(count);
    },
    async echo(stream) {
      for await (const message of stream.readable) await stream.send(message);
    },
    unary: (request) => request,
    idle(stream) {
      live++;
      const number = stream.metadata.get(NUMBER_KEY);
      if (number === undefined) return idle.promise;
      return new Promise((resolve) => {
        stream.signal.addEventListener("abort", () => {
          aborted.push([Number(number), wallMs()]);
          live--;
          resolve();
        }, { once: true });
      });
    },
  });
}

function answer(command: Command): Reply | Promise<Reply> {
  switch (command.do) {
    case "live":
      return { live };
    case "aborted":
      return { seen: aborted.splice(0) };
    case "memory":
      return memory();
    default:
      throw new Error("a server has no such command");
  }
}

const server = serve({
  port: Number(sharedPort ?? 0),
  reusePort: sharedPort !== undefined,
  hostname: "127.0.0.1",
  maxStreams: 100_000,
  protocols: [await protocolNamed(protocol)],
  observers: await observersNamed(observers),
}, await withFlavour(flavourName, handler));
await answerCommands({ port: server.addr.port }, answer);
