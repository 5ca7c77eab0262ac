import type { Connection } from "../../../mod.ts";
import { StreamError } from "../../../mod.ts";
import { clientOf } from "./cases.ts";

/**
 * Makes so many calls one after the other, opens a stream, prints `called`, and prints how the stream ended and whether
 * the calls that were made meanwhile, without a pause, did, too: each either well, or with an error that may be retried.
 */
export async function manyCalls(connection: Connection, count: number, close: boolean): Promise<void> {
  const client = clientOf(connection);
  for (let i = 0; i < count; i++) await client.emptyCall({});
  await using call = client.fullDuplexCall();
  const answers = call[Symbol.asyncIterator]();
  await call.send({ responseParameters: [{ size: 10 }] });
  await answers.next();
  console.log("called");
  if (close) {
    await call.sendAll([]);
    await answers.next();
    console.log("the stream ended well");
    return;
  }

  const end = answers.next().then(() => "well", (error) => `with ${error}`);
  let ended = false;
  end.then(() => ended = true);
  const failed: unknown[] = [];
  while (!ended && failed.length < 100) {
    await client.emptyCall({}).catch((error) => failed.push(error));
  }
  console.log(`the stream ended ${await end}`);
  const bad = failed.filter((error) => !(error instanceof StreamError && error.retryable));
  console.log(`${failed.length} calls failed, ${bad.length} of them not retryable`);
  for (const error of bad.slice(0, 3)) console.error(error);
  if (bad.length > 0) Deno.exit(1);
}
