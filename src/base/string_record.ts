/** What `json` says, where it is a record of strings; `undefined` otherwise: the peer's words, and the caller's to judge. */
export function stringRecord(json: string): Record<string, string> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries: [string, unknown][] = Object.entries(value);
  // From entries, since assigning to a key "__proto__" would not add it.
  return entries.every(isTextEntry) ? Object.fromEntries(entries) : undefined;
}

function isTextEntry(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === "string";
}
