/**
 * Three services in a row, each a process of its own, and what each of them learns when a stream is cancelled.
 *
 *     deno task demo
 *
 * The user is this process. It ends by itself, with exit code 0 where every service said what it must say.
 */
import { now, type Report } from "./report.ts";
import * as screen from "./screen.ts";
import { type Services, startServices } from "./services.ts";

/** Milliseconds that the whole play may take. */
const LIMIT_MS = 7_500;

/** The word at which ServiceA cancels in act 2, and the words after which the user leaves in act 3. */
const STOP_WORD = "lantern";
const WORDS_BEFORE_LEAVING = 30;

/** What the services must read of a cancel at ServiceA: the path grows by every service that hands it on. */
const CANCELED =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";
const ERROR_OF_A = `[ttstream error, code=12007] [client-side stream] ${CANCELED}`;
const ERROR_OF_B = `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] ${CANCELED}`;
const ERROR_OF_C =
  `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA -> ServiceB] ${CANCELED}`;

async function play(stack: AsyncDisposableStack): Promise<void> {
  screen.title("ttstream: who cancelled, which way it came, and why");
  screen.line("  User ──HTTP──> ServiceA ──ttstream──> ServiceB ──ttstream──> ServiceC");
  const services = await startServices(stack);

  screen.heading("Act 1", "a whole answer streams through");
  for await (const text of await ask(services)) screen.flow(text);
  screen.gap();
  for (const { name, end } of await ends(services)) {
    if (end.text !== "") throw new Error(`${name} was to end without an error, and said:\n${end.text}`);
  }
  screen.say("ServiceC", (await services.c.next("made")).text);

  screen.heading("Act 2", `ServiceA sees the word "${STOP_WORD}" and cancels`);
  for await (const text of await ask(services, `?until=${STOP_WORD}`)) screen.flow(text);
  screen.gap();
  const { at, text } = await services.a.next("cancels");
  screen.say("ServiceA", text);
  const act2 = await curtain(services, "ServiceA", at);

  screen.heading("Act 3", "the user closes the browser");
  let left = 0;
  let words = 0;
  for await (const text of await ask(services)) {
    screen.flow(text);
    words += text.trim().split(/\s+/).length;
    if (words < WORDS_BEFORE_LEAVING) continue;
    left = now();
    break; // cancels the response: its connection closes
  }
  screen.gap();
  screen.say("User", "leaves");
  const act3 = await curtain(services, "User", left);

  screen.title("How long after the cancel each service knew");
  screen.row("", ["act 2", "act 3"]);
  ["ServiceA", "ServiceB", "ServiceC"].forEach((name, index) =>
    screen.row(name, [act2[index] ?? "", act3[index] ?? ""])
  );
  screen.line("\n  Every service read who cancelled, and which way it came.\n");
}

/** The user asks, and every service says what it does about it. */
async function ask({ a, b, c, url }: Services, query = ""): Promise<ReadableStream<string>> {
  screen.say("User", "asks for a story");
  const { body } = await fetch(url + query);
  if (body === null) throw new Error("ServiceA answered without a body");
  for (const service of [a, b, c]) screen.say(service.name, (await service.next("asked")).text);
  screen.gap();
  return body.pipeThrough(new TextDecoderStream());
}

/** How the stream ended at each service, from A to C. */
function ends({ a, b, c }: Services): Promise<{ name: string; end: Report }[]> {
  return Promise.all(
    [a, b, c].map(async (service) => ({ name: service.name, end: await service.next("ended") })),
  );
}

/** Shows what each service knows of the cancel. @returns For each of them how long the news took. */
async function curtain(services: Services, by: string, at: number): Promise<string[]> {
  const expected = [ERROR_OF_A, ERROR_OF_B, ERROR_OF_C];
  const latencies = (await ends(services)).map(({ name, end }, index) => {
    const latency = `${(end.at - at).toFixed(1)} ms`;
    if (name !== by) screen.say(name, `knew after ${latency}`);
    screen.line(end.text);
    if (end.text !== expected[index]) throw new Error(`${name} was to say:\n${expected[index]}`);
    return name === by ? "cancels" : latency;
  });
  screen.say("ServiceC", (await services.c.next("made")).text);
  return latencies;
}

/** Whatever happens, the services end: with this scope, or with this process. */
async function main(): Promise<void> {
  // The user is on this machine: no proxy in between.
  Deno.env.set("NO_PROXY", "127.0.0.1");
  await using stack = new AsyncDisposableStack();
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(`not at its end after ${LIMIT_MS} ms`)), LIMIT_MS);
  try {
    await Promise.race([play(stack), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

try {
  await main();
} catch (error) {
  console.error(`\ndemo failed: ${error instanceof Error ? error.message : error}`);
  // Not by the end of the module: a service that hung may have left something to wait for.
  Deno.exit(1);
}
