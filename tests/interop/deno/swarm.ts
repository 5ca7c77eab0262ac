import { type CallOptions, StreamError } from "../../../mod.ts";
import type { Addressed, OpenCall } from "./client.ts";
import { type End, message, tell } from "./play.ts";

/**
 * Opens many streams and ends each in its own way. What a stream does follows from its number alone, so that a
 * swarm in another language does the same.
 */
export async function swarm(
  end: End,
  plan: Addressed,
  options: CallOptions,
  open: (options: CallOptions) => Promise<OpenCall>,
): Promise<void> {
  const { streams = 0, messages = 0, atOnce = 1, cancel = false } = plan.swarm ?? {};
  const counts = { completed: 0, canceled: 0 };
  const unexpected: Record<string, number> = {};
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < streams) {
      const draw = Math.imul(next++, 2654435761) >>> 0;
      const cancels = cancel && draw % 3 !== 0;
      // Not before its first answer: a cancel that crosses the Header may cost a Kitex client its connection.
      const problem = await one(cancels ? 1 + (draw >>> 8) % messages : messages, cancels, options, open);
      if (problem !== undefined) unexpected[problem] = (unexpected[problem] ?? 0) + 1;
      else counts[cancels ? "canceled" : "completed"]++;
    }
  }));
  tell(end, "swarm", { ...counts, unexpected });
}

async function one(
  messages: number,
  cancels: boolean,
  options: CallOptions,
  open: (options: CallOptions) => Promise<OpenCall>,
): Promise<string | undefined> {
  const controller = new AbortController();
  const stream = await open({ ...options, signal: controller.signal });
  try {
    for (let n = 0; n < messages; n++) {
      await stream.send(message({ number: n }));
      const answer = await stream.recv();
      if (answer?.number !== BigInt(n)) return "the answer is another one's";
    }
    if (!cancels) {
      await stream.close();
      return await stream.recv() === undefined ? undefined : "end: one more message";
    }
    controller.abort();
    await stream.recv();
    return "recv after cancel: no error";
  } catch (error) {
    if (cancels && error instanceof StreamError && error.kind === "canceled") return undefined;
    return String(error);
  } finally {
    await stream.dispose();
  }
}
