import pLimit from "p-limit";
import type { Clock } from "@tidings/protocol/clock";
import { withTimeLimit, type Task } from "./time-limit.ts";
import { TurnBudget } from "./turn-budget.ts";

/** Runs a task when its turn comes, and resolves with its result. */
export type TaskQueue = <Result>(task: Task<Result>) => Promise<Result>;

interface TaskQueueOptions {
  /** How many tasks may run at the same time. */
  readonly concurrency: number;
  /** How long one task may run, in milliseconds, without the time that it waits in the queue. */
  readonly timeLimit: number;
  readonly clock: Clock;
}

/**
 * Runs few tasks at a time, in order, within the budget of a turn of the event loop. A task that takes too long is
 * given up.
 */
export function createTaskQueue({ concurrency, timeLimit, clock }: TaskQueueOptions): TaskQueue {
  const limit = pLimit(Math.min(concurrency, Number.MAX_SAFE_INTEGER));
  const budget = new TurnBudget(clock);
  return (task) =>
    limit(async () => {
      await budget.available();
      return withTimeLimit(clock, timeLimit, task);
    });
}
