import { connect, type Connection, type Protocol } from "../../../mod.ts";
import { Random } from "../../support/random.ts";
import { type Command, number } from "./commands.ts";

/** What a soak has done. */
export interface Soaked {
  readonly echoed: number;
  readonly cancelled: number;
  /** Streams that ended because their connection was cut. */
  readonly lost: number;
  readonly cuts: number;
  /** Streams that ended otherwise than they should have, and the first of the reasons. */
  readonly wrong: number;
  readonly reason: string;
}

/** So many streams at a time on each connection. */
const AT_ONCE = 32;
/** After so many streams a connection may be cut. */
const ROUND = 500;
const CANCELLED_PERCENT = 30;
const CUT_PERCENT = 5;

/** Opens streams on several connections; some are cancelled, and some of the connections are cut and made anew. */
export async function soak(
  command: Command,
  protocol: Protocol,
  counts: { streams: number },
): Promise<Soaked> {
  const port = number(command, "port");
  const lanes = number(command, "connections");
  const perLane = Math.ceil(number(command, "streams") / lanes);
  const sum = { echoed: 0, cancelled: 0, lost: 0, cuts: 0, wrong: 0, reason: "" };
  await Promise.all(
    Array.from(
      { length: lanes },
      (_, lane) =>
        runLane({ port, protocol, serviceName: "Soak" }, perLane, new Random(lane + 1), sum, counts),
    ),
  );
  return sum;
}

type Sum = { -readonly [K in keyof Soaked]: Soaked[K] };

interface Target {
  readonly port: number;
  readonly protocol: Protocol;
  readonly serviceName: string;
}

async function runLane(
  target: Target,
  streams: number,
  random: Random,
  sum: Sum,
  counts: { streams: number },
): Promise<void> {
  let connection = await connect(target);
  for (let done = 0; done < streams; done += ROUND) {
    const cut = random.below(100) < CUT_PERCENT;
    let left = Math.min(ROUND, streams - done);
    let gone = false;
    const work = async () => {
      while (left > 0) {
        left--;
        counts.streams++;
        const cancel = random.below(100) < CANCELLED_PERCENT;
        try {
          await one(connection, cancel);
          if (cancel) sum.cancelled++;
          else sum.echoed++;
        } catch (error) {
          if (gone) sum.lost++;
          else {
            sum.wrong++;
            if (sum.reason === "") sum.reason = String(error);
          }
        }
        counts.streams--;
        if (cut && !gone && left < ROUND / 2) {
          gone = true;
          sum.cuts++;
          connection.abort();
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (gone) connection = await connect(target);
  }
  await connection.close();
}

const message = new TextEncoder().encode("a message of some forty bytes, or so");

async function one(connection: Connection, cancel: boolean): Promise<void> {
  const { readable, writable } = connection.openStream({ service: "Test", method: "Echo" });
  const writer = writable.getWriter();
  writer.closed.catch(() => {
    // The writes and the reads say so as well.
  });
  const reader = readable.getReader();
  await writer.write(message);
  const { value } = await reader.read();
  if (value?.length !== message.length) throw new Error(`${value?.length} bytes came back`);
  if (cancel) return await reader.cancel("enough");
  await writer.close();
  const { done } = await reader.read();
  if (!done) throw new Error("more came back than was sent");
}
