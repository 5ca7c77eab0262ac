/** How a program of the tests ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const root = new URL("../../", import.meta.url);

/** Starts a program in a process of its own. `script` is relative to `tests/`. */
export function start(script: string, args: string[] = [], flags: string[] = []): Deno.ChildProcess {
  const { href } = new URL(`../${script}`, import.meta.url);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", ...flags, href, ...args],
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return command.spawn();
}

/** Runs a program in a process of its own. `script` is relative to `tests/`. */
export async function run(script: string, args: string[] = [], flags: string[] = []): Promise<Ended> {
  const { code, stdout, stderr } = await start(script, args, flags).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
