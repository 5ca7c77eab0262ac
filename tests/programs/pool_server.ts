// A server of its own process: prints its port, and shuts down by SIGTERM with a grace.
import { serve, ttheader } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { words } from "../pool/words.ts";

const [port = "0", name = "child"] = Deno.args;
const server = serve({
  hostname: "127.0.0.1",
  port: Number(port),
  protocols: [ttheader(), grpc()],
  onListen: ({ port }) => console.log(port),
}, words(name));
const stop = () => void server.shutdown({ graceMs: 10_000 });
Deno.addSignalListener("SIGTERM", stop);
await server.finished;
Deno.removeSignalListener("SIGTERM", stop);
