import { writeFileSync } from "node:fs";

/** A number for each thing that is measured. */
export type Sizes = Readonly<Record<string, number>>;

/** How much a size may grow before somebody has to record it, as a factor. */
const GROWTH = 1.05;
const RECORD = "`npm run sizes -- --record` and commit docs/sizes.json with your change.";
const SHRINK = `make it smaller, or run ${RECORD}`;

/** One sentence for each size that is above its ceiling, is not recorded, or has grown by more than 5 % since then. */
export function findFaults(measured: Sizes, recorded: Sizes, ceilings: Sizes): string[] {
  const faults = Object.entries(measured).flatMap(([name, size]) => {
    const [last, ceiling = Infinity] = [recorded[name], ceilings[name]];
    if (size > ceiling) return [`${name}: expected at most ${ceiling}, got ${size}; make it smaller.`];
    if (last === undefined) return [`${name}: expected a recorded size for ${size}, got none; ${SHRINK}`];
    if (size > last * GROWTH) return [`${name}: expected at most 5 % more than ${last}, got ${size}; ${SHRINK}`];
    return [];
  });
  const stale = Object.keys(recorded).filter((name) => measured[name] === undefined);
  return [...faults, ...stale.map((name) => `${name}: expected a size, got only a recorded one; run ${RECORD}`)];
}

/** Writes the sizes to a file, unless one is above its ceiling. Returns the faults. */
export function record(file: string, measured: Sizes, ceilings: Sizes): string[] {
  const faults = findFaults(measured, measured, ceilings);
  if (faults.length === 0) writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);
  return faults;
}
