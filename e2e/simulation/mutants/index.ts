import { bundle } from "../bundle.ts";
import { sail } from "../fleet.ts";
import { clientMutants } from "./client.ts";
import { logMutants } from "./log.ts";
import type { Mutant } from "./mutant.ts";
import { serverMutants } from "./server.ts";

export const mutants: readonly Mutant[] = [...logMutants, ...serverMutants, ...clientMutants];

/**
 * How many schedules `npm test` runs, in less than a minute of a machine with two cores; `npm run simulate` runs a million. Mutants are
 * hunted on the same, so that each dies of one that the unbroken packages pass.
 */
export const SCHEDULES = 3_500;

/** Runs schedules on a mutant until one breaks; null when none does. @throws Error when its patch matches no line any more */
export async function hunt(
  folder: string,
  mutant: Mutant,
): Promise<{ readonly seed: number; readonly what: string } | null> {
  const file = await bundle(folder, `mutant-${mutants.indexOf(mutant)}`, mutant);
  const { seed: hint = 1 } = mutant;
  // From the hint to the end, then from the beginning to the hint.
  for (const [first, end] of [
    [hint, SCHEDULES],
    [1, hint - 1],
  ] as const) {
    const { broken } = await sail({ file, first, count: end - first + 1, workers: 1 });
    if (broken[0] !== undefined) return broken[0];
  }
  return null;
}
