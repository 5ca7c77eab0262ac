/** The chat in a process of its own, with settings of its own: `deno run -A program.ts JSON`. It ends when its input does. */
import { type Address, ttheader } from "@ttstream/ttstream";
import { grpc } from "@ttstream/ttstream/grpc";
import type { Limits } from "../../examples/chat/limits.ts";
import { startChat } from "../../examples/chat/main.ts";

export interface Settings {
  readonly protocol?: "ttheader" | "grpc";
  readonly limits?: Partial<Limits>;
  readonly thinkingMs?: number;
  readonly tokenMs?: number;
  readonly modelAddress?: Address;
  /** Says nothing of a model that cannot be reached. */
  readonly quiet?: boolean;
}

if (import.meta.main) {
  const settings: Settings = JSON.parse(Deno.args[0] ?? "{}");
  const { thinkingMs = 20, tokenMs = 5, limits, modelAddress } = settings;
  if (settings.quiet) console.error = () => {};
  await using stack = new AsyncDisposableStack();
  const { url } = startChat(stack, {
    port: 0,
    protocol: settings.protocol === "grpc" ? grpc() : ttheader(),
    model: { thinkingMs, tokenMs },
    limits,
    modelAddress,
  });
  console.log(url);
  for await (const _ of Deno.stdin.readable);
}
