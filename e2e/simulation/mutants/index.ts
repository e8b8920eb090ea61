import { bundle } from "../bundle.ts";
import { sail } from "../fleet.ts";
import { clientMutants } from "./client.ts";
import { logMutants } from "./log.ts";
import type { Mutant } from "./mutant.ts";
import { serverMutants } from "./server.ts";

export const mutants: readonly Mutant[] = [...logMutants, ...serverMutants, ...clientMutants];

/** How many schedules a mutant may survive. */
const PATIENCE = 6_000;

/** Runs schedules on a mutant until one breaks; null when none does. @throws Error when its patch matches no line any more */
export async function hunt(
  folder: string,
  mutant: Mutant,
): Promise<{ readonly seed: number; readonly what: string } | null> {
  const file = await bundle(folder, `mutant-${mutants.indexOf(mutant)}`, mutant);
  for (let first = 1; first < PATIENCE; first += BATCH) {
    const { broken } = await sail({ file, first, count: BATCH });
    const [kill] = broken.toSorted((one, other) => one.seed - other.seed);
    if (kill !== undefined) return kill;
  }
  return null;
}

/** Schedules until the workers look whether one of them is done. */
const BATCH = 500;
