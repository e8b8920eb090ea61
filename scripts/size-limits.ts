/** A number for each thing that is measured. */
export type Sizes = Readonly<Record<string, number>>;

/** How much a size may grow before somebody has to record it, as a factor. */
const GROWTH = 1.05;
const RECORD = "make it smaller, or run `npm run sizes -- --record` and commit docs/sizes.json with your change.";

/** One sentence for each size that is above its ceiling, is not recorded, or has grown by more than 5 % since then. */
export function findFaults(measured: Sizes, recorded: Sizes, ceilings: Sizes): string[] {
  return Object.entries(measured).flatMap(([name, size]) => {
    const [last, ceiling = Infinity] = [recorded[name], ceilings[name]];
    if (size > ceiling) return [`${name}: expected at most ${ceiling}, got ${size}; make it smaller.`];
    if (last === undefined) return [`${name}: expected a recorded size for ${size}, got none; ${RECORD}`];
    if (size > last * GROWTH) return [`${name}: expected at most 5 % more than ${last}, got ${size}; ${RECORD}`];
    return [];
  });
}

/** Lines that are neither blank nor only a comment. */
export function countLines(source: string): number {
  const withoutComments = source.replaceAll(/^\s*(\/\*((?!\*\/)[^])*\*\/|\/\/.*)\s*$/gm, "");
  return withoutComments.split("\n").filter((line) => line.trim() !== "").length;
}
