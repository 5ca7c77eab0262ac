/** The chat's gateway without a browser: statuses, events, heartbeats, and what a client that leaves does to the chain. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Event, eventsOf, textIn, upTo } from "./events.ts";
import { ChatProcess, PAGE_LEFT, streamOf, textsOf } from "./chat_process.ts";
import { Random } from "../support/random.ts";
import { FrozenNetwork } from "./frozen_network.ts";

for (const protocol of ["ttheader", "grpc"] as const) {
  Deno.test(`over ${protocol} an answer is a heartbeat, tokens with pictures of the chain, and what was used`, async () => {
    await using chat = await ChatProcess.start({ protocol, tokenMs: 1 });
    const events = await Array.fromAsync(eventsOf(await chat.ask("question-1", "Why is the sky blue?")));
    assertEquals(events[0]?.event, "heartbeat");
    assertEquals(events.at(-1)?.event, "done");
    const tokens = events.filter(({ event }) => event === "token").length;
    assertEquals(events.at(-1)?.data.usage, tokens);
    assert(events.some(({ event }) => event === "chain"));
    assertMatch(textIn(events), /^Sunlight looks white, .* the rest of other people's blue sky\.$/s);
    assertEquals(textsOf(await chat.chain("question-1")), [undefined, undefined, undefined]);
    assertEquals(await chat.open(), 0);
  });

  Deno.test(`over ${protocol} a client that leaves ends the chain, before the first token and after it`, async () => {
    await using chat = await ChatProcess.start({ protocol, thinkingMs: 500 });
    const early = new AbortController();
    const asking = chat.ask("left-early", "Count, please.", early.signal);
    await chat.chain("left-early", ({ streams }) => streams.length === 4);
    early.abort();
    await asking.then(() => assert(false, "there was an answer"), () => {});
    assertEquals(textsOf(await chat.chain("left-early")), PAGE_LEFT[protocol]);

    const late = new AbortController();
    const events = eventsOf(await chat.ask("left-late", "Count, please.", late.signal));
    await upTo(events, "token");
    late.abort();
    await events.next().then(() => {}, () => {});
    const chain = await chat.chain("left-late");
    assertEquals(textsOf(chain), PAGE_LEFT[protocol]);
    assertEquals([chain.endedBy, chain.planned], ["Gateway", undefined]);
    assertEquals(await chat.open(), 0);
  });

  Deno.test(`over ${protocol} keeping an answer half closes: the model finishes its sentence`, async () => {
    await using chat = await ChatProcess.start({ protocol, tokenMs: 20 });
    const events = eventsOf(await chat.ask("question-1", "Tell me a story."));
    const begun = await upTo(events, "token");
    // Twice is once.
    for (const _ of [1, 2]) assertEquals((await chat.post("api/answers/question-1/keep")).status, 204);
    const rest = await upTo(events, "done");
    assertMatch(textIn([...begun, ...rest]), /^There was a lighthouse keeper who could not sleep, [^.]*\.$/);
    const chain = await chat.chain("question-1");
    assertEquals(textsOf(chain), [undefined, undefined, undefined]);
    assertEquals(rest.at(-1)?.data.usage, streamOf(chain, "ServiceB", "server").tokens);
  });
}

Deno.test("an error before the first token is an HTTP status; the limit for it is 504", async () => {
  await using chat = await ChatProcess.start({ thinkingMs: 60_000, limits: { firstTokenMs: 200 } });
  for (
    const [id, text, status, words] of [
      ["no-question", "", 400, "there is no question"],
      ["no-secrets", "Tell me a secret.", 403, "the model does not tell secrets"],
      ["no-patience", "Why is the sky blue?", 504, "stream Recv timeout"],
    ] as const
  ) {
    const response = await chat.ask(id, text);
    assertEquals(response.status, status);
    assertStringIncludes((await response.json()).message, words);
    await chat.chain(id);
  }
  assertEquals(await chat.open(), 0);
});

Deno.test("a model that cannot be reached is an HTTP status, too", async () => {
  // A port that was free a moment ago.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  listener.close();
  await using chat = await ChatProcess.start({
    modelAddress: { hostname, port },
    limits: { firstTokenMs: 300 },
    quiet: true,
  });
  const response = await chat.ask("no-model", "Why is the sky blue?");
  assertEquals(response.status, 504);
  await response.body?.cancel();
  await chat.chain("no-model");
  assertEquals(await chat.open(), 0);
});

Deno.test("an error after the first token is an event", async () => {
  await using chat = await ChatProcess.start();
  const events = eventsOf(await chat.ask("question-1", "Tell me a story, and lose your thread."));
  const seen = await upTo(events, "error");
  assertStringIncludes(textIn(seen), "There was a lighthouse keeper");
  assertStringIncludes(seen.at(-1)?.data.message ?? "", "the model has lost its thread");
  assertEquals(await events.next(), { done: true, value: undefined });
  assertEquals((await chat.chain("question-1")).endedBy, "ServiceB");
});

Deno.test("silent answers have heartbeats, and a client that answers none is given up", async () => {
  await using chat = await ChatProcess.start({
    limits: { heartbeatMs: 50, silenceMs: 400, tokenMs: 60_000 },
  });
  const events = eventsOf(await chat.ask("question-1", "Tell me a story, and fall asleep."));
  await upTo(events, "token");
  let heartbeats = 0;
  const seen: Event[] = [];
  for await (const event of events) {
    seen.push(event);
    if (event.event !== "heartbeat") continue;
    heartbeats++;
    // Answered for more than `silenceMs`, and then not any more.
    if (heartbeats <= 12) await chat.post("api/answers/question-1/heard");
  }
  assert(heartbeats > 12, `${heartbeats} heartbeats`);
  const text = "the page has answered no heartbeat for 400 ms";
  assertStringIncludes(seen.find(({ event }) => event === "error")?.data.message ?? "", text);
  const end = streamOf(await chat.chain("question-1"), "ServiceB", "server").end;
  assertEquals([end?.code, end?.path, end?.description], [12008, ["Gateway", "ServiceA"], text]);
});

Deno.test("a network that goes away without a word ends the chain", async () => {
  await using chat = await ChatProcess.start({
    limits: { heartbeatMs: 50, silenceMs: 400, tokenMs: 60_000 },
  });
  await using network = new FrozenNetwork(chat.url);
  const leaving = new AbortController();
  const response = await fetch(`${network.url}api/answers`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "question-1", text: "Count, please." }),
    signal: leaving.signal,
  });
  const events = eventsOf(response);
  await upTo(events, "token");
  network.freeze();
  const chain = await chat.chain("question-1");
  assertEquals(chain.endedBy, "Gateway");
  assertEquals(streamOf(chain, "ServiceB", "server").end?.code, 12008);
  leaving.abort();
  await events.next().then(() => {}, () => {});
});

Deno.test("200 clients that leave at random moments leave no stream behind", async () => {
  await using chat = await ChatProcess.start({ thinkingMs: 30, tokenMs: 10 });
  const random = new Random(7);
  await Promise.all(Array.from({ length: 200 }, async (_, i) => {
    const text = i % 2 === 0 ? "Count, please." : "Tell me a story.";
    const leaving = AbortSignal.timeout(1 + random.below(600));
    try {
      const response = await chat.ask(`random-${i}-client`, text, leaving);
      for await (const _ of eventsOf(response));
    } catch (error) {
      assert(leaving.aborted, String(error));
    }
    // One that left before its request did has no chain.
  }));
  await chat.drained();
  const response = await chat.ask("one-more-question", "Why is the sky blue?");
  await upTo(eventsOf(response), "done");
});

Deno.test("what is no question gets a status, and the page's files are the only ones there are", async () => {
  await using chat = await ChatProcess.start();
  const long = "x".repeat(4_001);
  for (
    const [body, status] of [
      ["{", 400],
      ["null", 400],
      [`{"id":"short","text":"why?"}`, 400],
      [`{"id":"question-1","text":7}`, 400],
      [JSON.stringify({ id: "question-1", text: long }), 413],
      [JSON.stringify({ id: "question-1", text: long.repeat(10) }), 413],
    ] as const
  ) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${chat.url}api/answers`, { method: "POST", headers, body });
    assertEquals(response.status, status);
    await response.body?.cancel();
  }
  const tooLong = await chat.ask("question-1", long);
  assertEquals((await tooLong.json()).message, "the question has 4001 characters, the limit is 4000");
  // One whose length nobody knows might have no end.
  const endless = await fetch(`${chat.url}api/answers`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: ReadableStream.from([new Uint8Array(100)]),
  });
  assertEquals([endless.status, (await endless.json()).message], [
    413,
    "the request has an unknown number of bytes, the limit is 25024",
  ]);
  const form = await fetch(`${chat.url}api/answers`, {
    method: "POST",
    body: `{"id":"question-1","text":""}`,
  });
  assertEquals(form.status, 400);
  await form.body?.cancel();
  for (
    const [path, status] of [
      ["", 200],
      ["app.js", 200],
      ["style.css", 200],
      ["icon.svg", 200],
      ["main.ts", 404],
      ["..%2fmain.ts", 404],
      ["page/app.js", 404],
      ["api/chains/unknown-1", 404],
      ["api/answers", 404],
    ] as const
  ) {
    const response = await fetch(chat.url + path);
    assertEquals([path, response.status], [path, status]);
    await response.body?.cancel();
  }
  assertEquals(await chat.open(), 0);
});

Deno.test("two answers of one id at a time are a conflict", async () => {
  await using chat = await ChatProcess.start();
  const events = eventsOf(await chat.ask("question-1", "Count, please."));
  await upTo(events, "token");
  const second = await chat.ask("question-1", "Why is the sky blue?");
  assertEquals(second.status, 409);
  await second.body?.cancel();
  await events.return(undefined);
  await chat.chain("question-1");
});
