import { LimitingServer } from "../../harness/http2_server.ts";
import { growthDuring, leftovers, mib, ms, wait } from "../../harness/measure.ts";
import type { Lab, Line, Row } from "../../harness/row.ts";
import { servedOf, type Waited } from "../../programs/waiting_calls.ts";

const TIMEOUT_MS = 500;
/** A busy machine may be late. */
const LATE_MS = 5_000;
const MAX_ABORT_MS = 500;
/** A call that waits has a reader, a writer, a message and a half close: streams of the platform, of some KiB each. */
const MAX_CALL_BYTES = 16 * 1024;
/** How many streams the server takes one at a time, and how many once it has been generous. */
const [SINGLE, MANY, FEW] = [50, 16, 4];

/** A server that takes no streams, then one at a time, then many, and then fewer than are open. */
export const grpcFewStreams: Row = {
  name: "gRPC few streams",
  protocol: "grpc",
  async *run(lab) {
    yield await fewStreams(lab);
  },
};

async function fewStreams(lab: Lab): Promise<Line> {
  const calls = lab.size(5_000, 1_000);
  const client = await lab.client();
  const before = await client.stats();
  await using server = await LimitingServer.listen(0);
  const faults: string[] = [];
  let aborted = { tookMs: 0, aborted: 0 };
  const soFar = () => client.ask<Waited>("waited");
  const timedOut = async () => (await soFar()).ways["code 4"] ?? 0;
  const expect = (what: string, there: number, expected: number) => {
    if (there !== expected) faults.push(`${what}: ${there}, not ${expected}`);
  };
  const growth = await growthDuring(client, async () => {
    await client.ask("await", { port: server.port });
    await server.acknowledged();
    await client.ask("begin", { calls, timeoutMs: TIMEOUT_MS });
    const began = performance.now();
    while (await timedOut() < calls / 10 && performance.now() - began < TIMEOUT_MS + LATE_MS) await wait(20);
    expect("calls whose time was over", await timedOut(), calls / 10);
    aborted = await client.ask("abort");
    expect("calls whose signal was aborted", aborted.aborted, calls / 10);
    expect("calls that had ended before a stream was taken", (await soFar()).ended, calls / 5);
    expect("streams that came where none is taken", server.came.length, 0);

    lab.progress("gRPC few streams: one at a time");
    await server.limit(1);
    for (let i = 1; i <= SINGLE; i++) {
      await server.until(`stream ${i} of one at a time`, () => server.came.length >= i);
      if (server.open.size !== 1) faults.push(`${server.open.size} streams are open where one is taken`);
      server.answer(1);
    }

    lab.progress("gRPC few streams: fewer than are open");
    await server.limit(MANY);
    await server.until(`${MANY} streams open`, () => server.open.size >= MANY);
    await server.limit(FEW);
    const known = server.came.length;
    server.answer(MANY - FEW);
    // Whatever it might open at once would come before the answer to this.
    await server.limit(FEW);
    expect("streams that came while more were open than are taken", server.came.length, known);
    server.answer(1);
    await server.until("another one", () => server.came.length > known);
    await server.limit(FEW);
    expect("streams open where few are taken", server.open.size, FEW);

    lab.progress("gRPC few streams: many again");
    await server.limit(calls);
    const wanted = servedOf(calls);
    await server.until("all", () => server.came.length >= wanted.length);
    expect("streams that came out of order", server.came.filter((n, i) => n !== wanted[i]).length, 0);
    server.answer(calls);
    for (const end = performance.now() + LATE_MS; (await soFar()).ended < calls && performance.now() < end;) {
      await wait(20);
    }
  });
  const { ways } = await soFar();
  expect("calls that ended well", ways["well"] ?? 0, calls * 8 / 10);
  await client.ask("close");
  if (aborted.tookMs > MAX_ABORT_MS) faults.push(`an abort took ${ms(aborted.tookMs)}`);
  if (growth.liveBytes > MAX_CALL_BYTES * calls) faults.push(`it grew by ${mib(growth.liveBytes)}`);
  faults.push(...await leftovers(client, before));
  const ends = Object.entries(ways).map(([way, count]) => `${count} × ${way}`).join(", ");
  return {
    name: `${calls} calls at a server that takes few streams`,
    done:
      `MAX_CONCURRENT_STREAMS 0, then 1, ${MANY}, ${FEW} while ${MANY} are open, and ${calls}; one call in ten has a signal, which is aborted, and one \`timeoutMs\` ${TIMEOUT_MS}, while none is taken`,
    promise:
      `a call that waits ends at once with its signal, and by its time-out; never more are open than are taken; the others are served in order; less than ${
        MAX_CALL_BYTES / 1024
      } KiB for each call, and nothing is left`,
    figure: `${aborted.aborted} aborts in ${ms(aborted.tookMs)}; ${ends}; grew by ${mib(growth.liveBytes)}, ${
      (growth.liveBytes / calls / 1024).toFixed(1)
    } KiB a call`,
    faults,
  };
}
