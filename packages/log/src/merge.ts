import type { Kept, Walk } from "./entry-list.ts";

interface Head {
  readonly walk: Walk;
  stored: Kept;
}

/**
 * Several walks as one, in `seq` order: a binary heap of their next entries, so that an entry costs O(log walks).
 * The direction is that of the walks.
 */
export class Merge {
  readonly #heap: Head[] = [];
  readonly #direction: 1 | -1;

  constructor(walks: readonly Walk[], direction: 1 | -1 = 1) {
    this.#direction = direction;
    for (const walk of walks) {
      const stored = walk.next();
      if (stored !== undefined) this.#heap.push({ walk, stored });
    }
    for (let index = (this.#heap.length >>> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  next(): Kept | undefined {
    const head = this.#heap[0];
    if (head === undefined) return undefined;
    const { stored } = head;
    const following = head.walk.next();
    if (following !== undefined) head.stored = following;
    else {
      // The last head takes the place of the walk that is over, unless that is itself the last.
      const last = this.#heap.pop();
      if (last !== undefined && last !== head) this.#heap[0] = last;
    }
    this.#sink(0);
    return stored;
  }

  #sink(index: number): void {
    const heap = this.#heap;
    const sinking = heap[index];
    if (sinking === undefined) return;
    for (;;) {
      let child = 2 * index + 1;
      let first = heap[child];
      const second = heap[child + 1];
      if (first !== undefined && second !== undefined && this.#isBefore(second, first)) {
        child++;
        first = second;
      }
      if (first === undefined || !this.#isBefore(first, sinking)) break;
      heap[index] = first;
      index = child;
    }
    heap[index] = sinking;
  }

  #isBefore(one: Head, other: Head): boolean {
    return (one.stored.seq - other.stored.seq) * this.#direction < 0;
  }
}
