import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds of work after which the other requests get a turn. */
const SLICE = 5;
/** Milliseconds after which the process was blocked: no single step of our own work takes as long. */
const BLOCKED = 50;
/** The turns that the other requests get then. If nobody waits, they take less than a millisecond together. */
const TURNS_AFTER_BLOCK = 64;

/** The options of `createPause`. */
export interface PauseOptions {
  /** The turns that others get after a step that has blocked the process. @default 64 */
  readonly turnsAfterBlock?: number;
}

/** Call it before long work, and between two steps of it. It resolves at once, or in a later turn of the event loop. */
export type Pause = () => Promise<void>;

/**
 * Creates the pause of one queue of work. The next turn is enough after a few milliseconds. After a step that has
 * blocked the process, for example a commit on a slow disk, others get more turns. Node accepts one connection in a
 * turn: with one turn for each commit of 300 ms, a newcomer behind 60 connections would wait for 18 seconds.
 *
 * The work of each turn is measured for itself, since a turn ends before the event loop rests: rest is no work.
 */
export function createPause({ turnsAfterBlock = TURNS_AFTER_BLOCK }: PauseOptions = {}): Pause {
  /** When the work of this turn has begun; null if there was none. */
  let begun: number | null = null;
  /** How many more turns the others get. While it is not zero, {@link endTurn} runs in each turn. */
  let turnsOwed = 0;

  function beginTurn(): void {
    begun = performance.now();
    setImmediate(endTurn);
  }

  /** The work after the last pause of a turn counts, too: what follows a commit may come in a later turn. */
  function endTurn(): void {
    const wasBlocked = begun !== null && performance.now() - begun >= BLOCKED;
    begun = null;
    turnsOwed = wasBlocked ? turnsAfterBlock : Math.max(turnsOwed - 1, 0);
    if (turnsOwed > 0) setImmediate(endTurn);
  }

  return async () => {
    if (begun !== null && performance.now() - begun >= SLICE) await nextTurn();
    while (turnsOwed > 0) await nextTurn();
    if (begun === null) beginTurn();
  };
}
