import pLimit from "p-limit";
import type { Clock } from "./clock.ts";

/** Runs tasks when their turn comes: few at a time, and none for longer than its time. A task that is late is given up. */
export type Gate = <Result>(task: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;

/** @param most tasks at a time @param milliseconds of one task, not counting what it waits for its turn */
export function createGate(most: number, milliseconds: number, clock: Clock): Gate {
  const queue = pLimit(Math.min(most, Number.MAX_SAFE_INTEGER));
  return (task) => queue(() => withinTime(clock, milliseconds, task));
}

/** Rejects when the task takes longer; what it answers afterwards is dropped. */
export async function withinTime<Result>(
  clock: Clock,
  milliseconds: number,
  task: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  let cancel = (): void => {};
  const timeout = new Promise<never>((_, reject) => {
    cancel = clock.setTimeout(() => {
      const error = new Error(`Expected an answer within ${milliseconds} ms, got none.`);
      reject(error);
      late.abort(error);
    }, milliseconds);
  });
  try {
    return await Promise.race([task(late.signal), timeout]);
  } finally {
    cancel();
  }
}
