import { bundle } from "../bundle.ts";
import { sail } from "../fleet.ts";
import { SQLITE } from "../plan.ts";
import { clientMutants } from "./client.ts";
import { logMutants } from "./log.ts";
import type { Mutant } from "./mutant.ts";
import { serverMutants } from "./server.ts";

export const mutants: readonly Mutant[] = [...logMutants, ...serverMutants, ...clientMutants];

/**
 * How many schedules `npm test` runs on the slowest machine; `npm run simulate` runs a million. Mutants are hunted on the same, so that
 * each dies of one that the unbroken packages pass; a hint may name a later one.
 */
export const SCHEDULES = 3_500;

/** Runs schedules on a mutant until one breaks; null when none does. @throws Error when its patch matches no line any more */
export async function hunt(
  folder: string,
  mutant: Mutant,
): Promise<{ readonly seed: number; readonly what: string } | null> {
  const file = await bundle(folder, `mutant-${mutants.indexOf(mutant)}`, mutant);
  const stride = mutant.isOnSqlite === true ? SQLITE : 1;
  const { seed: hint = stride } = mutant;
  // From the hint to the end, then from the beginning to the hint.
  for (const [first, end] of [
    [hint, Math.max(hint, SCHEDULES)],
    [stride, Math.min(hint - stride, SCHEDULES)],
  ] as const) {
    const count = Math.floor((end - first) / stride) + 1;
    const { broken } = await sail({ file, first, count, stride, workers: 1 });
    const [killed] = broken;
    if (killed !== undefined) return killed.seed <= SCHEDULES || (await isGood(folder, killed.seed)) ? killed : null;
  }
  return null;
}

/** Whether the unbroken packages pass a schedule that is none of those of every run. */
async function isGood(folder: string, seed: number): Promise<boolean> {
  const file = await bundle(folder, `world-${seed}`, null);
  return (await sail({ file, first: seed, count: 1, workers: 1 })).broken.length === 0;
}
