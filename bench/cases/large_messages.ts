import { type Case, percent, rate } from "../harness/case.ts";

/** Server streaming of large messages, beside what messages of 64 KiB reach in the same round. */
function large(mib: number): Case {
  return {
    name: `server streaming, ${mib} MiB`,
    contenders: ["ttstream", "Kitex"],
    shows: ["mbPerSecond", "percent"],
    targets: [percent(90, "ttstream in % of its 64 KiB")],
    async run(pair, ms) {
      const small = await rate(pair, { do: "stream", ms, size: 64 * 1024 });
      const figures = await rate(pair, { do: "stream", ms, size: mib * 1024 * 1024 });
      return { ...figures, percent: 100 * (figures.mbPerSecond ?? NaN) / (small.mbPerSecond ?? NaN) };
    },
  };
}

export const serverStreaming1m: Case = large(1);
export const serverStreaming8m: Case = large(8);
