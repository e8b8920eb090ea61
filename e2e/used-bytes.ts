import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
/** Made once: a context costs more memory than some of the tests allow. */
const collect = runInNewContext("gc") as () => void; // the flag defines it

/** The bytes that this process holds, without garbage. */
export function usedBytes(): number {
  collect();
  // Once more: the buffers that a collection frees are given back while the program goes on. The next one waits for it.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Repeats the same round, and returns how many bytes each repetition leaves behind. The first two rounds are not
 * measured, since caches fill and code is compiled in them. The result is the median of the slopes between any two
 * other rounds, so that a single outlier does not matter.
 * @param round resolves when nothing of it is in progress any more
 */
export async function bytesKeptPerRound(round: () => Promise<void>, rounds = 7): Promise<number> {
  const used: number[] = [];
  for (let number = 0; number < rounds; number++) {
    await round();
    if (number < 2) continue;
    // In the next turn again: finalizers run in between, and release more.
    collect();
    await nextTurn();
    used.push(usedBytes());
  }
  const slopes = used.flatMap((later, at) => used.slice(0, at).map((earlier, n) => (later - earlier) / (at - n)));
  return slopes.toSorted((one, other) => one - other)[Math.floor(slopes.length / 2)] ?? Number.NaN;
}
