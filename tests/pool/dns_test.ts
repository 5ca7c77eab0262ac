import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type Address,
  type AddressResolver,
  createClient,
  createPool,
  dnsAddresses,
  srvAddresses,
} from "../../mod.ts";
import { StubDns } from "../support/dns.ts";
import { messageOf, rejectionText } from "../support/rejection.ts";
import { untyped } from "../support/untyped.ts";
import { until, wordServer } from "./servers.ts";
import { Words } from "./words.ts";

const V6 = "0:0:0:0:0:0:0:1";

/** The first list that a resolver says. */
async function firstOf(resolver: AddressResolver): Promise<readonly Address[]> {
  const controller = new AbortController();
  for await (const list of resolver(controller.signal)) {
    controller.abort();
    return list;
  }
  throw new Error("the resolver has said nothing");
}

Deno.test("dnsAddresses gives a name's A and AAAA records, with the port", async () => {
  await using dns = await StubDns.open();
  dns.a.set("chat.test.", ["127.0.0.1", "127.0.0.2"]);
  dns.aaaa.set("chat.test.", [V6]);
  const { nameServer } = dns;
  assertEquals(await firstOf(dnsAddresses("chat.test.", 8888, { nameServer })), [
    { hostname: "127.0.0.1", port: 8888 },
    { hostname: "127.0.0.2", port: 8888 },
    { hostname: "::1", port: 8888 },
  ]);
});

Deno.test("A name with records of one family alone has those", async () => {
  await using dns = await StubDns.open();
  const { nameServer } = dns;
  dns.a.set("four.test.", ["127.0.0.1"]);
  dns.aaaa.set("six.test.", [V6]);
  assertEquals(await firstOf(dnsAddresses("four.test.", 1, { nameServer })), [{
    hostname: "127.0.0.1",
    port: 1,
  }]);
  assertEquals(await firstOf(dnsAddresses("six.test.", 1, { nameServer })), [{ hostname: "::1", port: 1 }]);
});

Deno.test("With tls the certificates are to be for the name that was looked up", async () => {
  await using dns = await StubDns.open();
  dns.a.set("chat.test.", ["127.0.0.1"]);
  const options = { nameServer: dns.nameServer, tls: { caCerts: [] } };
  assertEquals(await firstOf(dnsAddresses("chat.test.", 1, options)), [
    { hostname: "127.0.0.1", port: 1, tls: { serverName: "chat.test", caCerts: [] } },
  ]);
});

Deno.test("srvAddresses gives the targets of the least priority that have addresses, with their ports", async () => {
  await using dns = await StubDns.open();
  const { nameServer } = dns;
  dns.a.set("a.test.", ["127.0.0.1"]);
  dns.a.set("b.test.", ["127.0.0.2"]);
  dns.a.set("spare.test.", ["127.0.0.3"]);
  dns.srv.set("_chat._tcp.test.", [
    { target: "spare.test.", port: 3, priority: 20 },
    { target: "a.test.", port: 1, priority: 10 },
    { target: "b.test.", port: 2, priority: 10 },
    { target: "gone.test.", port: 4, priority: 10 },
  ]);
  const resolver = srvAddresses("_chat._tcp.test.", { nameServer });
  const list = await firstOf(resolver);
  assertEquals(list.toSorted((a, b) => (a.port ?? 0) - (b.port ?? 0)), [
    { hostname: "127.0.0.1", port: 1 },
    { hostname: "127.0.0.2", port: 2 },
  ]);
  dns.a.delete("a.test.");
  dns.a.delete("b.test.");
  assertEquals(await firstOf(resolver), [{ hostname: "127.0.0.3", port: 3 }]);
  dns.a.delete("spare.test.");
  assertEquals(await rejectionText(firstOf(resolver)), "cannot look up spare.test.");
});

Deno.test("A name that is not there, and a name server that fails, say which name it was", async () => {
  await using dns = await StubDns.open();
  const { nameServer } = dns;
  assertEquals(
    await rejectionText(firstOf(dnsAddresses("none.test.", 1, { nameServer }))),
    "cannot look up none.test.",
  );
  dns.failing = true;
  assertEquals(
    await rejectionText(firstOf(dnsAddresses("none.test.", 1, { nameServer }))),
    "cannot look up none.test.",
  );
});

Deno.test("A pool follows a name as its servers come and go, and keeps the last answer where a look-up fails", async () => {
  await using dns = await StubDns.open();
  await using server = wordServer("a");
  const { port } = server.addr;
  const errors: string[] = [];
  await using pool = createPool({
    addresses: dnsAddresses("chat.test.", port, { nameServer: dns.nameServer, everyMs: 1 }),
    backoff: { initialMs: 1, maxMs: 2 },
    onError: (error) => errors.push(messageOf(error)),
  });
  const client = createClient(Words, pool);
  // Nobody is there yet: the call waits.
  const call = Array.fromAsync(client.ask("x"));
  await until(() => errors.length > 0);
  assertEquals([errors[0], pool.stats.waiting], ["cannot look up chat.test.", 1]);
  dns.a.set("chat.test.", ["127.0.0.1"]);
  assertEquals(await call, ["a", "x"]);
  // It fails for a while: what is known stays.
  const failed = errors.length;
  dns.failing = true;
  await until(() => errors.length > failed);
  assertEquals(await Array.fromAsync(client.ask("x")), ["a", "x"]);
  dns.failing = false;
  // It moves: the old address is let go.
  dns.a.set("chat.test.", ["127.0.0.2"]);
  await until(() => pool.stats.addresses.some(({ address }) => address.hostname === "127.0.0.2"));
  assertEquals(pool.stats.addresses.length, 1);
  await until(() => pool.stats.connections.idle === 0);
});

Deno.test("A pool works by the SRV records of a name", async () => {
  await using dns = await StubDns.open();
  await using a = wordServer("a");
  await using b = wordServer("b");
  dns.a.set("host.test.", ["127.0.0.1"]);
  dns.srv.set("_words._tcp.test.", [a, b].map(({ addr: { port } }) => ({ target: "host.test.", port })));
  await using pool = createPool({
    addresses: srvAddresses("_words._tcp.test.", { nameServer: dns.nameServer }),
  });
  const client = createClient(Words, pool);
  await Array.fromAsync(client.ask("x"));
  await until(() => pool.stats.connections.idle === 2);
  const seen = await Promise.all([client.ask("x"), client.ask("x")].map((call) => Array.fromAsync(call)));
  assertEquals(seen.map(([name]) => name).toSorted(), ["a", "b"]);
});

Deno.test("A look-up that nobody answers is given up when the pool closes", async () => {
  await using dns = await StubDns.open();
  dns.silent = true;
  const pool = createPool({ addresses: dnsAddresses("chat.test.", 1, { nameServer: dns.nameServer }) });
  await until(() => dns.questions > 0);
  await pool.close();
  assert(dns.questions > 0);
});

/** Wrong options, with what is said of each. */
const wrong: Record<string, () => unknown> = {
  "name must not be empty": () => dnsAddresses("", 1),
  "name must be a string, got 5": () => srvAddresses(untyped<string>(5)),
  "port must be an integer from 1 to 65535, got 0": () => dnsAddresses("x", 0),
  "everyMs must be a positive finite number of milliseconds, got 0": () => srvAddresses("x", { everyMs: 0 }),
  "nameServer.ipAddr must not be empty": () => dnsAddresses("x", 1, { nameServer: { ipAddr: "" } }),
  "nameServer.port must be an integer from 1 to 65535, got 70000": () =>
    dnsAddresses("x", 1, { nameServer: { ipAddr: "127.0.0.1", port: 70_000 } }),
  "tls must be a boolean or an object, got 5": () => dnsAddresses("x", 1, { tls: untyped<boolean>(5) }),
  "tls: cert and key do not go with addresses that were looked up": () =>
    dnsAddresses("x", 1, { tls: untyped<boolean>({ cert: "x", key: "x" }) }),
};
for (const [message, make] of Object.entries(wrong)) {
  Deno.test(`Addresses by DNS: ${message}`, () => {
    assertEquals(assertThrows(make, Error).message, message);
  });
}
