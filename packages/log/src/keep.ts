import { checkHasKeys } from "@tidings/protocol/checks";
import type { Keep } from "./event-log.ts";

/**
 * The retention of a log: the given bounds, and the defaults for all others.
 *
 * @throws TypeError for what holds no bounds, such as a map or a promise, and for an unknown bound: a misspelt one must
 *   not leave the default in force
 * @throws RangeError for a bound that is not a number from 0 on; `Infinity` is no bound
 */
export function completeKeep(given: Partial<Keep> | undefined, defaults: Keep): Keep {
  if (given !== undefined) checkHasKeys('"keep"', given);
  const keep: Record<string, number> = { ...defaults };
  for (const [name, bound] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(defaults, name)) {
      throw new TypeError(`Expected one of ${Object.keys(defaults).join(", ")} in keep, got "${name}".`);
    }
    // Plain JavaScript may pass anything; undefined stands for the default.
    if (bound !== undefined) keep[name] = checkBound(`keep.${name}`, bound);
  }
  // Safe: it has the keys of the defaults.
  return keep as unknown as Keep;
}

/** @throws RangeError for a bound that is not a number from 0 on; `Infinity` is no bound */
export function checkBound(name: string, bound: unknown): number {
  if (typeof bound === "number" && bound >= 0) return bound;
  throw new RangeError(`Expected "${name}" to be a number from 0 on, got ${describe(bound)}.`);
}

function describe(bound: unknown): string {
  return typeof bound === "number" ? String(bound) : (JSON.stringify(bound) ?? typeof bound);
}
