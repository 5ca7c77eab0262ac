// Whatever happens to the streams of a connection, in any order: after every command both sides are what a model of
// the protocol says, written without a look at the library. A failure tells its seed; run it again with MODEL_SEED=1234,
// or many more with MODEL_RUNS=20000.
import { runModel, runModelOverTcp } from "./run.ts";

const seed = Deno.env.get("MODEL_SEED");
const runs = Deno.env.get("MODEL_RUNS");

for (
  const [title, client, server, count] of [
    ["a client and a server of the library", "library", "library", 1_200],
    ["a client of the library and a scripted server", "library", "script", 1_000],
    ["a server of the library and a scripted client", "script", "library", 1_000],
  ] as const
) {
  Deno.test(`${title} do what the model says, whatever happens in whatever order`, async () => {
    await runModel({
      runs: Number(runs ?? count),
      seed: seed === undefined ? undefined : Number(seed),
      client,
      server,
    });
  });
}

Deno.test("a client and a server of the library do over TCP what the model says", async () => {
  await runModelOverTcp({
    runs: Number(runs ?? 300),
    seed: seed === undefined ? undefined : Number(seed),
  });
});
