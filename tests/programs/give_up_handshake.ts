// Gives a TLS handshake up that the server does not answer. It must end by itself: nothing may stay open.
import { connect } from "../../mod.ts";

const [port, cert, key] = Deno.args;
const tls = cert === undefined ? true : { cert, key };
try {
  await connect({ port: Number(port), tls, signal: AbortSignal.timeout(100) });
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
