/** Uniform in [0, 1). */
export type Random = () => number;

/** Mulberry32, public domain by Tommy Ettinger: small, seeded, good enough for schedules. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** In which order random numbers are handed out. Nothing that the packages promise depends on it. */
export type Draws = "in order" | "swapped";

/** The same numbers in another order: of every two, the second comes first. */
function swapped(random: Random): Random {
  let held: number | null = null;
  return () => {
    if (held !== null) {
      const number = held;
      held = null;
      return number;
    }
    held = random();
    return random();
  };
}

export function drawnFrom(seed: number, draws: Draws): Random {
  return draws === "swapped" ? swapped(randomOf(seed)) : randomOf(seed);
}

/** One of them, by a number from 0 to 1. */
export function pick<Item>(items: readonly Item[], at: number): Item {
  // Below 1 there always is one, unless there is none at all.
  return items[Math.floor(at * items.length)] as Item;
}
