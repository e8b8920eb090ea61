import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds of work after which the other requests get a turn. */
const SLICE = 5;

/** Call it between two steps of long work. It resolves at once, or in the next turn of the event loop. */
export type Pause = () => Promise<void>;

/** Creates the pause of one queue of work. */
export function createPause(): Pause {
  let begun = performance.now();
  return async () => {
    if (performance.now() - begun < SLICE) return;
    await nextTurn();
    begun = performance.now();
  };
}
