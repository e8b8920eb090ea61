import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";
import { runAll } from "./fleet.ts";
import { mutants } from "./mutants/index.ts";
import type { Mutant } from "./mutants/mutant.ts";
import type { Draws } from "./random.ts";
import type { Broken } from "./worker.ts";

/** A mutant has to die in so many runs of its scenario. The unbroken packages pass all of them. */
export const RUNS = 50;

const LIST = fileURLToPath(new URL("mutants/index.ts", import.meta.url));

/** Compiles the world with a mutant in it. @throws Error when the mutant does not fit the sources any more */
export function bundleMutant(folder: string, mutant: Mutant): Promise<string> {
  const index = mutants.indexOf(mutant);
  return bundle(folder, `mutant-${index}`, { mutation: mutant.mutation, list: LIST, index });
}

/**
 * Runs the scenario of a mutant until a promise breaks. Returns null when none does.
 * @param file what {@link bundleMutant} has made
 */
export async function hunt(file: string, { scenario }: Mutant, draws: Draws = "in order"): Promise<Broken | null> {
  const { broken } = await runAll({ file, scenarios: [scenario], draws, first: 1, count: RUNS, workers: 1 });
  return broken[0] ?? null;
}
