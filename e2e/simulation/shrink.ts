import type { Plan } from "./plan.ts";
import { run } from "./run.ts";
import type { World } from "./world.ts";

/** The name of the invariant, with which the text of an outcome begins. */
const nameOf = (broken: string): string => broken.split(":")[0] ?? broken;

interface ShrinkOptions {
  /** For files that last as long as a schedule. */
  readonly folder: string;
  /** The numbers of tries that do not end. The tries are the same every time. */
  readonly endless: readonly number[];
  /** Called after every try. All tries together may take long. */
  readonly onTry: () => void;
}

/**
 * Finds fewer steps that break the same invariant: delta debugging (Zeller and Hildebrandt, 2002). A step does not
 * depend on other steps, so every part of a schedule is a schedule.
 */
export async function shrink(
  whole: Plan,
  broken: string,
  { folder, endless, onTry }: ShrinkOptions,
): Promise<{ readonly plan: Plan; readonly world: World }> {
  let plan = whole;
  let { world } = await run(plan, folder);
  let tries = 0;
  for (let parts = 2; plan.steps.length > 1;) {
    const size = Math.ceil(plan.steps.length / parts);
    let isSmaller = false;
    for (let start = 0; start < plan.steps.length && !isSmaller; start += size) {
      const candidate = { ...plan, steps: plan.steps.toSpliced(start, size) };
      const outcome = endless.includes(tries++) ? { broken: null, world } : await run(candidate, folder);
      onTry();
      if (outcome.broken === null || nameOf(outcome.broken) !== nameOf(broken)) continue;
      plan = candidate;
      world = outcome.world;
      isSmaller = true;
    }
    if (isSmaller) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(plan.steps.length, parts * 2);
  }
  return { plan, world };
}
