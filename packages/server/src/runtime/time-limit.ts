import type { Clock } from "@tidings/protocol/clock";

/** Work whose signal is aborted when its time is over. */
export type Task<Result> = (signal: AbortSignal) => Promise<Result>;

/**
 * Runs a task and rejects when it takes longer than `milliseconds`. The late result is dropped.
 * @throws Error when the time is over, and what the task throws
 */
export function withTimeLimit<Result>(
  clock: Pick<Clock, "setTimeout">,
  milliseconds: number,
  task: Task<Result>,
): Promise<Result> {
  const timeout = new AbortController();
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      timeout.abort(new Error(`Expected an answer within ${milliseconds} ms, got none.`));
      reject(timeout.signal.reason);
    };
    const cancel = clock.setTimeout(giveUp, milliseconds, true);
    void task(timeout.signal).then(resolve, reject).finally(cancel);
  });
}
