import pLimit from "p-limit";
import type { Clock } from "@tidings/protocol/clock";
import { Turn } from "./turn.ts";

/** Is late when the signal is aborted. */
type Task<Result> = (signal: AbortSignal) => Promise<Result>;

/**
 * Runs tasks when their turn comes: few at a time, no more of them in one turn of the event loop than it has room for, and none for
 * longer than its time. A task that is late is given up.
 * @param most tasks at a time @param milliseconds of one task, not counting what it waits for its turn
 */
export function createGate(most: number, milliseconds: number, clock: Clock) {
  const queue = pLimit(Math.min(most, Number.MAX_SAFE_INTEGER));
  const turn = new Turn(clock);
  return <Result>(task: Task<Result>): Promise<Result> =>
    queue(async () => {
      await turn.begin();
      return withinTime(clock, milliseconds, task);
    });
}

/** Rejects when the task takes longer; what it answers afterwards is dropped. */
export function withinTime<Result>(clock: Clock, milliseconds: number, task: Task<Result>): Promise<Result> {
  const late = new AbortController();
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimeout(
      () => {
        late.abort(new Error(`Expected an answer within ${milliseconds} ms, got none.`));
        reject(late.signal.reason);
      },
      milliseconds,
      true,
    );
    void task(late.signal).then(resolve, reject).finally(cancel);
  });
}
