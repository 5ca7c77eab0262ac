/** What a peer has chosen does not make a message longer than this. */
const LONGEST_VALUE = 64;
const LONGEST_MESSAGE = 256;

/**
 * The message of an error whose Thrift exception has none of its own: its fields that have no parts, as
 * `code: 7, reason: "no such room"`, cut where they are long.
 *
 * @param fields The fields of the exception.
 *
 * @example
 * ```ts
 * import { exceptionMessage } from "@ttstream/ttstream/thrift";
 *
 * console.log(exceptionMessage({ code: 7, reason: "no such room" })); // code: 7, reason: "no such room"
 * ```
 */
export function exceptionMessage(fields: object): string {
  const parts = Object.entries(fields).map(([name, value]) => {
    const text = textOf(value);
    return text === undefined ? undefined : `${name}: ${text}`;
  });
  return cut(parts.filter((part) => part !== undefined).join(", "), LONGEST_MESSAGE);
}

function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return JSON.stringify(cut(value, LONGEST_VALUE));
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return undefined;
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
