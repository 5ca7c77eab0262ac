import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { connect } from "../../mod.ts";

const hostname = "127.0.0.1";

/** A port on which nobody listens: one that was free a moment ago. */
function closedPort(): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}

Deno.test("a refused TCP connection rejects with an error that names the address", async () => {
  const port = closedPort();
  const error = await assertRejects(
    () => connect({ hostname, port }),
    Error,
    `cannot connect to ${hostname}:${port}: `,
  );
  assertInstanceOf(error.cause, Deno.errors.ConnectionRefused);
  assert(error.message.endsWith(error.cause.message));
});

Deno.test("a refused TLS connection rejects with an error that names the address", async () => {
  const port = closedPort();
  await assertRejects(
    () => connect({ hostname, port, tls: true }),
    Error,
    `cannot connect to ${hostname}:${port}: `,
  );
});

Deno.test("an IPv6 address stands in brackets", async () => {
  const error = await assertRejects(() => connect({ hostname: "::1", port: 1 }), Error);
  assert(error.message.startsWith("cannot connect to [::1]:1: "), error.message);
});

Deno.test("a Unix socket that is not there is named", async () => {
  const path = "/does/not/exist/ttstream.sock";
  const error = await assertRejects(() => connect({ path }), Error, `cannot connect to ${path}: `);
  assertInstanceOf(error.cause, Deno.errors.NotFound);
});

Deno.test("a file that is no socket is named", async () => {
  const path = await Deno.makeTempFile();
  try {
    const error = await assertRejects(() => connect({ path }), Error, `cannot connect to ${path}: `);
    assertInstanceOf(error.cause, Error);
  } finally {
    await Deno.remove(path);
  }
});

const reason = new Error("changed my mind");

for (const address of [{ hostname, port: 1 }, { path: "/does/not/exist" }]) {
  const name = address.path ?? `${address.hostname}:${address.port}`;

  Deno.test(`connect to ${name} with a signal that has aborted rejects with its reason, and does not try`, async () => {
    const error = await assertRejects(
      () => connect({ ...address, signal: AbortSignal.abort(reason) }),
      Error,
    );
    assertEquals(error.message, `cannot connect to ${name}: changed my mind`);
    assertStrictEquals(error.cause, reason);
  });

  Deno.test(`connect to ${name} with AbortSignal.abort() rejects with an AbortError that names the address`, async () => {
    const error = await assertRejects(
      () => connect({ ...address, signal: AbortSignal.abort() }),
      DOMException,
    );
    assertEquals([error.name, error.message], [
      "AbortError",
      `cannot connect to ${name}: The signal has been aborted`,
    ]);
  });
}

Deno.test("a TLS handshake that nobody answers is given up, and nothing of it stays behind", async (t) => {
  // It accepts in the kernel, and no program says a word.
  using listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr;
  const prefix = `cannot connect to ${hostname}:${port}: `;

  // Each step has sanitizers of its own, and the listener's side of its connection is open until after all of them.
  await t.step("by AbortSignal.timeout, with a TimeoutError", async () => {
    const signal = AbortSignal.timeout(50);
    const error = await assertRejects(
      () => connect({ hostname, port, tls: true, signal }),
      DOMException,
      prefix,
    );
    assertEquals(error.name, "TimeoutError");
    assertStrictEquals(error.cause, signal.reason);
  });

  await t.step("by abort(reason), with the reason as its cause", async () => {
    const controller = new AbortController();
    const connecting = connect({ hostname, port, tls: true, signal: controller.signal });
    const timer = setTimeout(() => controller.abort(reason), 30);
    const error = await assertRejects(() => connecting, Error, `${prefix}changed my mind`);
    assertStrictEquals(error.cause, reason);
    clearTimeout(timer);
  });
});

Deno.test("a signal that aborts after the connection is there does nothing to it", async () => {
  using listener = Deno.listen({ hostname, port: 0 });
  const controller = new AbortController();
  const [connection, conn] = await Promise.all([
    connect({ hostname, port: listener.addr.port, signal: controller.signal }),
    listener.accept(),
  ]);
  controller.abort();
  connection.openStream({ service: "Test", method: "Echo" });
  assert((await conn.read(new Uint8Array(64)) ?? 0) > 0);
  connection.abort();
  await connection.closed;
  conn.close();
});
