import fc from "npm:fast-check@^4";
import type { Action } from "./actions.ts";
import { apply, applyToStream, can, open, type SocketAction } from "./apply.ts";
import { actionOf, setupOf, socketActionOf } from "./arbitrary.ts";
import { TcpWorld } from "./tcp_world.ts";
import { World } from "./world.ts";
import { type Setup, WorldModel } from "./world_model.ts";

/** fast-check would have a read-only model, which a class with private fields cannot be. */
interface Box {
  readonly model: WorldModel;
}

/** One action, as fast-check runs it. */
class Command implements fc.AsyncCommand<Box, World> {
  constructor(readonly action: Action) {}

  check({ model }: Box): boolean {
    return can(this.action, model);
  }

  async run({ model }: Box, world: World): Promise<void> {
    await apply(this.action, model, world);
    await world.look(model);
  }

  toString(): string {
    return JSON.stringify(this.action);
  }
}

/** Which runs are made; the same seed makes the same ones. */
export interface ModelRuns {
  readonly runs: number;
  readonly seed?: number | undefined;
  readonly client: Setup["client"];
  readonly server: Setup["server"];
  readonly commands?: number;
}

/**
 * Runs random commands against the model.
 *
 * @throws {Error} If the library does something else than the model says: it tells the seed and the shortest commands.
 */
export async function runModel({ runs, seed, client, server, commands = 60 }: ModelRuns): Promise<void> {
  const actions = fc.commands([actionOf(client, server).map((action) => new Command(action))], {
    maxCommands: commands,
    size: "max",
  });
  const property = fc.asyncProperty(setupOf(client, server), actions, async (setup, all) => {
    using world = new World(setup);
    const model = new WorldModel(setup);
    await fc.asyncModelRun(() => ({ model: { model }, real: world }), all);
    const left = await world.finish(model);
    if (left.length > 0) throw new Error(`left over: ${left.join("; ")}`);
  });
  await fc.assert(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }), endOnFailure: false });
}

/** As {@linkcode Command}, on a socket. */
class SocketCommand implements fc.AsyncCommand<Box, TcpWorld> {
  constructor(readonly action: SocketAction) {}

  check({ model }: Box): boolean {
    return can(this.action, model);
  }

  async run({ model }: Box, world: TcpWorld): Promise<void> {
    if (this.action.do === "open") open(this.action.plan, model, world);
    else applyToStream(this.action, model, world);
    await world.look(model);
  }

  toString(): string {
    return JSON.stringify(this.action);
  }
}

/** {@linkcode runModel} over TCP: a client and a server of the library, without clock and cuts of the test's own. */
export async function runModelOverTcp({ runs, seed }: Pick<ModelRuns, "runs" | "seed">): Promise<void> {
  const actions = fc.commands([socketActionOf().map((action) => new SocketCommand(action))], {
    maxCommands: 30,
    size: "max",
  });
  const last = fc.constantFrom(
    "client abort" as const,
    "server shutdown" as const,
    "client dispose" as const,
  );
  const property = fc.asyncProperty(last, actions, async (last, all) => {
    await using world = await TcpWorld.open();
    const model = new WorldModel({
      client: "library",
      server: "library",
      slow: false,
      maxBufferedBytes: 4 * 1024 * 1024,
      maxStreams: 1024,
    });
    await fc.asyncModelRun(() => ({ model: { model }, real: world }), all);
    const left = await world.finish(model, last);
    if (left.length > 0) throw new Error(`left over: ${left.join("; ")}`);
  });
  await fc.assert(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) });
}
