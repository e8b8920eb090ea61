/** What the log waits by, passed in so that it can run in virtual time. The times of day in it are those of `now`, which may jump. */
export interface Clock {
  /** Milliseconds since some moment; it never goes back. */
  readonly time: number;
  /**
   * Runs `task` once after `milliseconds`; returns what cancels it.
   * @param isIdle whether nobody waits for it, so that the process may end before
   */
  setTimeout(task: () => void, milliseconds: number, isIdle?: boolean): () => void;
  /** Runs `task` at the end of this turn of the event loop. */
  defer(task: () => void): void;
}

export const systemClock: Clock = {
  get time() {
    return performance.now();
  },
  setTimeout(task, milliseconds, isIdle = false) {
    const timer = setTimeout(task, milliseconds);
    if (isIdle) timer.unref();
    return () => clearTimeout(timer);
  },
  defer: (task) => void setImmediate(task),
};

export function sleep(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(resolve, milliseconds));
}
