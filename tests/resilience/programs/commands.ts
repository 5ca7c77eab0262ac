/** The lines that a program under test takes on stdin, each answered by one on stdout. */

/** Something that a program is asked for. */
export interface Command {
  readonly do: string;
  readonly [option: string]: unknown;
}

/** Answers the commands, one at a time, until stdin ends. */
export async function obey(answer: (command: Command) => Promise<unknown>): Promise<void> {
  let rest = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) say(await answer(JSON.parse(line)));
  }
}

/** One line of output. */
export function say(reply: unknown): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(reply)}\n`);
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}

/** A number of a command. */
export function number(command: Command, name: string): number {
  const value = command[name];
  if (typeof value !== "number") throw new TypeError(`${command.do}: ${name} must be a number`);
  return value;
}
