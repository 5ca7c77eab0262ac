/** TCP keep-alive, as the system shows it: `/proc/net/tcp` says which timer a socket's next one is. */
import { assertEquals } from "@std/assert";
import { connect } from "../../mod.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { rejectionText } from "../support/rejection.ts";
import { untyped } from "../support/untyped.ts";
import { assertThrows } from "@std/assert";

const TARGET = { service: "Test", method: "Echo" };
const IS_LINUX = Deno.build.os === "linux";

/** Which timers run for the established sockets from `local` to `remote`: 2 is keep-alive, 0 is none. */
async function timerOf(local: number, remote: number): Promise<number | undefined> {
  const lines = (await Deno.readTextFile("/proc/net/tcp")).split("\n").slice(1);
  for (const line of lines) {
    const [, from = "", to = "", state, , timer = ""] = line.trim().split(/\s+/);
    if (state !== "01") continue;
    if (portOf(from) === local && portOf(to) === remote) return Number.parseInt(timer.slice(0, 2), 16);
  }
  return undefined;
}

function portOf(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}

/** The timers of both ends of a connection on which nothing is under way. */
async function timers(
  client: boolean | undefined,
  server: boolean | undefined,
): Promise<(number | undefined)[]> {
  const clientPort = Promise.withResolvers<number>();
  await using listening = serveLocally(({ remoteAddr }) => {
    if (remoteAddr?.transport === "tcp") clientPort.resolve(remoteAddr.port);
  }, { keepAlive: server });
  const { port } = listening.addr;
  await using connection = await connect({ hostname: "127.0.0.1", port, keepAlive: client });
  await connection.openStream(TARGET).closed;
  const own = await clientPort.promise;
  // What was sent has been acknowledged when the other timers are gone.
  for (;;) {
    const both = [await timerOf(own, port), await timerOf(port, own)];
    if (both.every((timer) => timer === 0 || timer === 2)) return both;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test({
  name: "keepAlive: on at both ends, off where it is said",
  ignore: !IS_LINUX,
  async fn() {
    assertEquals(await timers(undefined, undefined), [2, 2]);
    assertEquals(await timers(true, true), [2, 2]);
    assertEquals(await timers(false, undefined), [0, 2]);
    assertEquals(await timers(undefined, false), [2, 0]);
  },
});

for (const value of ["yes", 1, null, 0]) {
  Deno.test(`keepAlive: ${JSON.stringify(value)} is refused at both ends`, async () => {
    const keepAlive = untyped<boolean>(value);
    assertThrows(() => serveLocally(() => {}, { keepAlive }), TypeError, "keepAlive must be a boolean");
    await using server = serveLocally(() => {});
    const text = await rejectionText(connect({ port: server.addr.port, keepAlive }));
    assertEquals(text.startsWith("keepAlive must be a boolean"), true, text);
    await using connection = await connectTo(server);
    await connection.openStream(TARGET).closed;
  });
}
