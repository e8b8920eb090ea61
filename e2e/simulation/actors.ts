import type { Actor, ActorWorld } from "./actor.ts";
import { Editors } from "./editors.ts";
import { Job } from "./job.ts";
import type { Random } from "./random.ts";
import type { ActorName } from "./settings.ts";
import { Visitors } from "./visitors.ts";
import { Writers } from "./writers.ts";

interface Kind {
  /** Gives each kind random numbers of its own. */
  readonly salt: number;
  readonly begin: (world: ActorWorld, random: Random) => Actor;
}

/** Every kind of program that acts by itself. */
export const actors = {
  job: { salt: 0x10b, begin: (world, random) => new Job(world, random) },
  writers: { salt: 0x317e5, begin: (world, random) => new Writers(world, random) },
  editors: { salt: 0xed17, begin: (world, random) => new Editors(world, random) },
  visitors: { salt: 0x5157, begin: (world, random) => new Visitors(world, random) },
} satisfies Record<ActorName, Kind>;
