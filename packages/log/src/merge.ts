import type { Kept, Walk } from "./entry-list.ts";

/**
 * Several walks in one direction as one, in `seq` order. An entry costs a look at every walk: nothing for the few channels of
 * most readers, a microsecond for a hundred; see benchmarks/.
 */
export class Merge {
  readonly #walks: readonly Walk[];

  constructor(walks: readonly Walk[]) {
    this.#walks = walks;
  }

  next(): Kept | undefined {
    let first: Walk | undefined;
    let least = Infinity;
    for (const walk of this.#walks) {
      if (walk.rank < least) {
        first = walk;
        least = walk.rank;
      }
    }
    const stored = first?.stored;
    first?.advance();
    return stored;
  }
}
