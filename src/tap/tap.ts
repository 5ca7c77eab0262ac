import { hostAndPort } from "../base/format.ts";
import { reasonText } from "../base/reason.ts";
import { servicesOf } from "../cli/idl.ts";
import type { Program } from "../cli/program.ts";
import { type Relay, relay } from "../net/relay.ts";
import { now } from "./clock.ts";
import { ConnectionReader } from "./connection_reader.ts";
import type { MessageReader } from "./event.ts";
import { idlMessages } from "./idl_messages.ts";
import { HELP, readOptions, type TapOptions } from "./options.ts";
import { NO_MESSAGES } from "./messages.ts";
import { TapLog } from "./log.ts";

/** Runs the command. @returns Its exit code. */
export async function tap(program: Program): Promise<number> {
  const options = readOptions(program.args);
  if (options === undefined) {
    program.stdout.line(HELP);
    return 0;
  }
  return await run(program, options);
}

async function run({ stdout, stderr, interrupted }: Program, options: TapOptions): Promise<number> {
  const { listen, to, once } = options;
  let messages: MessageReader;
  try {
    messages = options.idls.length === 0
      ? NO_MESSAGES
      : idlMessages(servicesOf(options.idls, options.includeDirs).values());
  } catch (error) {
    stderr.line(`tap: ${reasonText(error)}`);
    return 1;
  }
  const log = new TapLog(stdout, options);
  const ended = Promise.withResolvers<void>();
  const stop = AbortSignal.any([interrupted, stdout.broken]);
  let connections = 0;
  let open = 0;
  const watch = (address: string) => {
    const connection = ++connections;
    open++;
    log.see({ time: now(), connection, kind: "connected", text: `from ${address}` });
    return new ConnectionReader(
      (seen) => log.see({ time: now(), connection, ...seen }),
      messages,
      () => {
        open--;
        log.connectionOver(connection);
        if (open > 0 || stop.aborted) return;
        log.showLives();
        if (once) ended.resolve();
      },
    );
  };
  let relayed: Relay;
  try {
    relayed = await relay({ ...listen, to, watch });
  } catch (error) {
    stderr.line(`tap: ${reasonText(error)}`);
    return 1;
  }
  const target = "path" in to ? to.path : hostAndPort(to.hostname, to.port);
  stderr.line(`tap: listening on ${hostAndPort(relayed.hostname, relayed.port)}, to ${target}`);
  if (stop.aborted) ended.resolve();
  else stop.addEventListener("abort", () => ended.resolve(), { once: true });
  await ended.promise;
  log.showLives();
  await relayed.close();
  return 0;
}
