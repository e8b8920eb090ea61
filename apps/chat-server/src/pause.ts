import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds of work after which the other requests get a turn. */
const SLICE = 5;
/** Milliseconds after which the process was blocked: no single step of our own work takes as long. */
const BLOCKED = 50;
/** The turns that the other requests get then. If nobody waits, they take less than a millisecond together. */
const TURNS_AFTER_BLOCK = 64;

/** Call it between two steps of long work. It resolves at once, or in a later turn of the event loop. */
export type Pause = () => Promise<void>;

/**
 * Creates the pause of one queue of work. The next turn is enough after a few milliseconds. After a step that has
 * blocked the process, for example a commit on a slow disk, others get more turns. Node accepts one connection in a
 * turn: with one turn for each commit of 300 ms, a newcomer behind 60 connections would wait for 18 seconds.
 */
export function createPause(): Pause {
  let begun = performance.now();
  return async () => {
    const worked = performance.now() - begun;
    if (worked < SLICE) return;
    const turns = worked < BLOCKED ? 1 : TURNS_AFTER_BLOCK;
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    begun = performance.now();
  };
}
