import fc from "npm:fast-check@^4";
import type { Action } from "./actions.ts";
import { apply, can } from "./apply.ts";
import { actionOf, setupOf } from "./arbitrary.ts";
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
