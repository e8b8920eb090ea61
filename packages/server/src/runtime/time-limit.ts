import type { Clock } from "@tidings/protocol/clock";

/** Work whose signal is aborted when its time is over, or nobody waits for it any more. */
export type Task<Result> = (signal: AbortSignal) => Promise<Result>;

/** What {@link withTimeLimit} rejects with when the time is over. */
export class TimeLimitError extends Error {
  constructor(milliseconds: number) {
    super(`Expected an answer within ${milliseconds} ms, got none.`);
  }
}

/**
 * Settles like work that cannot be given up, or rejects when it takes longer than `milliseconds`. Most of such work is
 * done at once, for each request, so it does without the signal of {@link withTimeLimit}.
 *
 * @throws TimeLimitError when the time is over, and what the work throws
 */
export function inTime<Result>(
  clock: Pick<Clock, "setTimeout">,
  milliseconds: number,
  work: PromiseLike<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimeout(() => reject(new TimeLimitError(milliseconds)), milliseconds, true);
    void Promise.resolve(work).then(resolve, reject).finally(cancel);
  });
}

/**
 * Runs a task and rejects when it takes longer than `milliseconds`, or when nobody waits for it any more. The late
 * result is dropped. A task for which nobody waits does not begin.
 *
 * @param gone aborted when nobody waits any more
 * @throws TimeLimitError when the time is over, the reason of `gone`, and what the task throws
 */
export function withTimeLimit<Result>(
  clock: Pick<Clock, "setTimeout">,
  milliseconds: number,
  task: Task<Result>,
  gone?: AbortSignal,
): Promise<Result> {
  const giveUp = new AbortController();
  return new Promise((resolve, reject) => {
    // A signal that is aborted already says nothing to those who begin to listen.
    gone?.throwIfAborted();
    const stop = (reason: unknown): void => {
      giveUp.abort(reason);
      reject(reason);
    };
    const leave = (): void => stop(gone?.reason);
    const cancel = clock.setTimeout(() => stop(new TimeLimitError(milliseconds)), milliseconds, true);
    gone?.addEventListener("abort", leave);
    const settle = (): void => {
      cancel();
      gone?.removeEventListener("abort", leave);
    };
    void task(giveUp.signal).then(resolve, reject).finally(settle);
    giveUp.signal.addEventListener("abort", settle);
  });
}
