import { ServiceProcess } from "./service_process.ts";

/** The chain, from the gateway to the model. */
export interface Services {
  readonly a: ServiceProcess;
  readonly b: ServiceProcess;
  readonly c: ServiceProcess;
  /** Where ServiceA answers HTTP. */
  readonly url: string;
}

/**
 * Starts the services, the end of the chain first: each is told where the next one listens, and may connect to it
 * alone. `stack` ends them.
 */
export async function startServices(stack: AsyncDisposableStack): Promise<Services> {
  const listen = "--allow-net=127.0.0.1:0";
  const c = stack.use(
    new ServiceProcess({
      name: "ServiceC",
      script: "./service_c.ts",
      flags: [listen, `--allow-read=${import.meta.dirname}/story.txt`],
    }),
  );
  const portOfC = (await c.next("listening")).text;
  const b = stack.use(
    new ServiceProcess({
      name: "ServiceB",
      script: "./service_b.ts",
      flags: [`${listen},127.0.0.1:${portOfC}`],
      args: [portOfC],
    }),
  );
  const portOfB = (await b.next("listening")).text;
  const a = stack.use(
    new ServiceProcess({
      name: "ServiceA",
      script: "./service_a.ts",
      // With this flag `request.signal` aborts only where the user left, not after complete answers too.
      flags: ["--unstable-no-legacy-abort", `${listen},127.0.0.1:${portOfB}`],
      args: [portOfB],
    }),
  );
  const portOfA = (await a.next("listening")).text;
  return { a, b, c, url: `http://127.0.0.1:${portOfA}/` };
}
