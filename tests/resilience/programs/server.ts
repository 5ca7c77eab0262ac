// The server under test, in a process of its own. Its first argument is a `ServerSettings`.
import { stats } from "./counters.ts";
import { type Handler, route, serve, type ServerStream, type ServeTcpOptions } from "../../../mod.ts";
import { echoService } from "../malformed/service.ts";
import { obey, say } from "./commands.ts";
import { protocolOf, type Speaks } from "./protocol.ts";

/** What the runner starts it with. */
interface ServerSettings extends Speaks {
  readonly service: "Test" | "Interop";
  readonly options: Partial<ServeTcpOptions>;
}

const counts = { handlers: 0, started: 0, cancelled: 0, messages: 0 };
let release = Promise.withResolvers<void>();

/** How long the handlers that are at work may go on after SIGTERM. */
const GRACE_MS = 10_000;
/** What is written to a client that does not read. */
const CHUNK = new Uint8Array(64 * 1024);

const methods: Readonly<Record<string, (stream: ServerStream) => Promise<void>>> = {
  Echo: echo,
  /** Works until it is cancelled. */
  Heeds({ signal }) {
    return new Promise((resolve) => {
      const leave = () => {
        counts.cancelled++;
        resolve();
      };
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
    });
  },
  /** Works until the program is told to let go, whatever its client does. */
  Ignores: () => release.promise,
  /** Writes as many bytes as its first message says. */
  async Flood({ readable, writable }) {
    let bytes = 0;
    for await (const message of readable) {
      bytes = Number(new TextDecoder().decode(message));
      break;
    }
    const writer = writable.getWriter();
    for (; bytes > 0; bytes -= CHUNK.length) {
      await writer.write(CHUNK);
      counts.messages++;
    }
  },
};

async function echo({ readable, writable }: ServerStream): Promise<void> {
  const writer = writable.getWriter();
  for await (const message of readable) {
    counts.messages++;
    await writer.write(message);
  }
}

function counted(handler: Handler): Handler {
  return Object.assign(async (stream: ServerStream) => {
    counts.handlers++;
    counts.started++;
    try {
      await handler(stream);
    } finally {
      counts.handlers--;
    }
  }, { services: handler.services });
}

/** Unknown methods are refused by the library, as those of a typed service. */
function testService(): Handler {
  return Object.assign((stream: ServerStream) => {
    const method = Object.hasOwn(methods, stream.method) ? methods[stream.method] : undefined;
    if (method === undefined) return refuse(stream);
    return counted(method)(stream);
  }, { services: ["Test"] });
}

const refuse = route(echoService());
const settings: ServerSettings = JSON.parse(Deno.args[0] ?? "{}");
const { service, options } = settings;
const handler = service === "Interop" ? counted(echoService()) : route(testService(), counted(echo));
const server = serve({
  hostname: "0.0.0.0",
  onError: () => {},
  port: 0,
  ...options,
  protocols: [protocolOf(settings)],
}, handler);
say({ port: server.addr.port });
const stop = async () => {
  await server.shutdown({ graceMs: GRACE_MS });
  Deno.exit(0);
};
Deno.addSignalListener("SIGTERM", () => void stop());

await obey(async (command) => {
  switch (command.do) {
    case "stats":
      return await stats(counts);
    case "release":
      release.resolve();
      release = Promise.withResolvers();
      return {};
    default:
      throw new Error(`unknown command ${command.do}`);
  }
});
await server.shutdown({ graceMs: 0 });
Deno.exit(0);
