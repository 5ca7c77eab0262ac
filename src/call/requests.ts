import { reasonText } from "../base/reason.ts";
import { escapeHidden } from "../idl/hidden.ts";
import type { CallableMethod } from "./catalog.ts";

/** What is wrong with a request: which one, what, and what the method wants. */
export class RequestError extends Error {}

/** The request that a text stands for, checked against what the method wants. */
export function readRequest(text: string, what: string, { name, method, wants }: CallableMethod): unknown {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch (error) {
    throw new RequestError(`${what} is no JSON: ${escapeHidden(reasonText(error))}`, { cause: error });
  }
  try {
    method.request.encode(request);
  } catch (error) {
    // The names in it may be a server's own.
    const text = `${what} is not what ${escapeHidden(name)} wants: ${escapeHidden(reasonText(error))}`;
    throw new RequestError(`${text}\n${wants}`, { cause: error });
  }
  return request;
}

/** The one request of a method that does not stream them. */
export function onlyRequest(data: readonly string[] | undefined, method: CallableMethod): unknown {
  const [text, ...more] = data ?? [];
  if (more.length > 0) {
    throw new RequestError(`${method.name} takes one request, and --data was given ${more.length + 1} times`);
  }
  if (text !== undefined) return readRequest(text, "--data", method);
  return readRequest(method.takesNothing ? "null" : "{}", "{}, since there is no --data,", method);
}

/**
 * The requests of a method that streams them: those of the command line, or a line of stdin each. What is wrong with one
 * ends them, and is told to `failed` first.
 */
export async function* allRequests(
  data: readonly string[] | undefined,
  lines: () => AsyncIterable<string>,
  method: CallableMethod,
  failed: (error: RequestError) => void,
): AsyncGenerator<unknown> {
  try {
    if (data !== undefined) {
      for (const text of data) yield readRequest(text, "--data", method);
      return;
    }
    let number = 0;
    for await (const line of lines()) {
      number++;
      if (line.trim() !== "") yield readRequest(line, `line ${number} of stdin`, method);
    }
  } catch (error) {
    const wrong = error instanceof RequestError
      ? error
      : new RequestError(`stdin cannot be read: ${reasonText(error)}`, { cause: error });
    failed(wrong);
    throw wrong;
  }
}
