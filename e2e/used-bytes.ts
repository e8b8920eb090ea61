import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The bytes that this process holds, garbage aside. */
export function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // what the flag brings
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * The bytes that stay of each round when the same is done again and again. The first rounds do not count, since caches fill and code is
 * compiled in them; of the slopes between any two others it is the median, so that an odd moment does not count, either.
 * @param round resolves when nothing of it is in progress any more
 */
export async function bytesLeftBy(round: () => Promise<void>, rounds = 7): Promise<number> {
  const used: number[] = [];
  for (let number = 0; number < rounds; number++) {
    await round();
    // Once for what finalizers hold on to, once for the rest.
    usedBytes();
    await turn();
    used.push(usedBytes());
  }
  const counted = used.slice(2);
  const slopes = counted.flatMap((later, at) => counted.slice(0, at).map((earlier, n) => (later - earlier) / (at - n)));
  return slopes.toSorted((one, other) => one - other)[Math.floor(slopes.length / 2)] ?? Number.NaN;
}
