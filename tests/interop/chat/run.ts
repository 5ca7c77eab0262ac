/**
 * The chat with services of Kitex's in it: a model, ServiceA, and both. Stop, Stop and keep, a "no", and a service that
 * dies go through the whole chain, over TTHeader Streaming and over gRPC.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startModel } from "../../../examples/chat/model.ts";
import { readFlags } from "../../../tools/flags.ts";
import { ChatProcess, PAGE_LEFT, streamOf } from "../../chat/chat_process.ts";
import { eventsOf, textIn, upTo } from "../../chat/events.ts";
import { buildChat } from "../harness/build.ts";
import { runPart } from "../harness/part.ts";
import { KitexService } from "./kitex_service.ts";

type Protocol = "ttheader" | "grpc";

/** Who plays whom; the gateway is always this library's. */
const CASTS = ["a model of Kitex's", "ServiceA of Kitex's", "both of Kitex's"] as const;

interface Stage {
  readonly chat: ChatProcess;
  readonly protocol: Protocol;
  readonly serviceA?: KitexService | undefined;
  readonly model?: KitexService | undefined;
}

interface Case {
  readonly name: string;
  play(stage: Stage): Promise<void>;
}

const CASES: readonly Case[] = [
  { name: "Stop reaches every service, with its words", play: stop },
  { name: "Stop and keep half closes, and the usage comes in the trailer", play: keep },
  { name: "a business error before the first token is an HTTP status", play: refuse },
  { name: "a service that dies ends the answer", play: die },
];

async function stop({ chat, protocol, serviceA, model }: Stage): Promise<void> {
  const leaving = new AbortController();
  const events = eventsOf(await chat.ask("question-1", "Count, please.", leaving.signal));
  await upTo(events, "token");
  leaving.abort();
  await events.next().then(() => {}, () => {});
  const [gateway, atA, atB] = PAGE_LEFT[protocol];
  const chain = await chat.chain("question-1");
  assertEquals(streamOf(chain, "Gateway", "client").end?.message, gateway);
  assertEquals((await serviceA?.ended())?.error, serviceA && atA);
  assertEquals((await model?.ended())?.error, model && atB);
}

async function keep({ chat, serviceA, model }: Stage): Promise<void> {
  const events = eventsOf(await chat.ask("question-1", "Tell me a story."));
  const begun = await upTo(events, "token");
  await chat.post("api/answers/question-1/keep");
  const rest = await upTo(events, "done");
  const text = textIn([...begun, ...rest]);
  assertMatch(text, /\.$/);
  const tokens = text.trim().split(/\s+/).length;
  assertEquals(rest.at(-1)?.data.usage, tokens);
  for (const service of [serviceA, model]) {
    assertEquals((await service?.ended())?.tokens, service && tokens);
  }
  assertEquals((await chat.chain("question-1")).endedBy, "ServiceB");
}

async function refuse({ chat, protocol, serviceA }: Stage): Promise<void> {
  const response = await chat.ask("question-1", "Tell me a secret.");
  const { message } = await response.json();
  assertStringIncludes(message, "not tell secrets");
  // Kitex's gRPC hands a business error on as one; a stream that is read by hand in between does so, too.
  assertEquals([protocol, response.status], [protocol, 403]);
  await serviceA?.ended();
  await chat.chain("question-1");
}

async function die({ chat, serviceA, model }: Stage): Promise<void> {
  const events = eventsOf(await chat.ask("question-1", "Count, please."));
  await upTo(events, "token");
  (model ?? serviceA)?.kill();
  const seen = await upTo(events, "error");
  assert(seen.at(-1)?.data.message !== undefined);
  await chat.chain("question-1");
}

/** Everybody on the stage. */
async function enter(
  stack: AsyncDisposableStack,
  program: string,
  cast: typeof CASTS[number],
  protocol: Protocol,
): Promise<Stage> {
  const speaks = protocol === "grpc" ? ["grpc"] : [];
  if (cast === "a model of Kitex's") {
    const model = stack.use(await KitexService.start(program, "model"));
    const chat = await ChatProcess.command("--protocol", protocol, "--model", model.address);
    return { chat: stack.use(chat), protocol, model };
  }
  const model = cast === "both of Kitex's"
    ? stack.use(await KitexService.start(program, "model"))
    : undefined;
  const address = model?.address ??
    `127.0.0.1:${stack.use(startModel({ thinkingMs: 20, tokenMs: 5 })).addr.port}`;
  const serviceA = stack.use(await KitexService.start(program, "service-a", address, ...speaks));
  const chat = await ChatProcess.command("--protocol", protocol, "--service-a", serviceA.address);
  return { chat: stack.use(chat), protocol, serviceA, model };
}

async function main(): Promise<number> {
  readFlags("usage: tests/interop/chat/run.ts [--help]", {});
  const program = await buildChat(console.log);
  let [passed, failed] = [0, 0];
  for (const protocol of ["ttheader", "grpc"] as const) {
    for (const cast of CASTS) {
      for (const one of CASES) {
        const name = `${protocol}, ${cast}: ${one.name}`;
        try {
          await using stack = new AsyncDisposableStack();
          const stage = await enter(stack, program, cast, protocol);
          await one.play(stage);
          await stage.chat.drained();
          console.log(`ok      ${name}`);
          passed++;
        } catch (error) {
          console.log(`FAILED  ${name}\n${error instanceof Error ? error.stack : error}`);
          failed++;
        }
      }
    }
  }
  console.log(`\nchat: ${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

if (import.meta.main) await runPart(main);
