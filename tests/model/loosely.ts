/** A stream that comes too late may read how its connection was lost, or that it is gone. */
export function sayNoMore(line: string): string {
  return line.replace(/connection closed by peer$|reset$/, "transport is closing");
}

/** What the platform words itself, and what depends on how far a close has come, may read in either way. */
export function loosely(
  actual: Record<string, unknown>,
  expected: Record<string, unknown>,
  refused: boolean,
): Record<string, unknown> {
  const line = (value: unknown, wanted: unknown) => {
    if (typeof value !== "string") return value;
    if (wanted === "! …" && value.startsWith("!")) return wanted;
    return refused ? sayNoMore(value) : value;
  };
  return Object.fromEntries(
    Object.entries(actual).map(([key, value]) => {
      const wanted = expected[key];
      if (!Array.isArray(value)) return [key, line(value, wanted)];
      return [key, value.map((each, index) => line(each, Array.isArray(wanted) ? wanted[index] : undefined))];
    }),
  );
}
