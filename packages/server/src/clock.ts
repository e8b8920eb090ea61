/** Time and turns of the event loop, passed in so that the hub can run in virtual time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `task` once after `milliseconds`; returns what cancels it. */
  setTimeout(task: () => void, milliseconds: number): () => void;
  /** Runs `task` at the end of this turn of the event loop, after I/O that is ready. */
  defer(task: () => void): void;
}

/** The clock of the runtime. Its timers do not keep a Node process alive. */
export const systemClock: Clock = {
  now: Date.now,
  setTimeout(task, milliseconds) {
    const timer = setTimeout(task, milliseconds);
    if (typeof timer === "object") timer.unref();
    return () => clearTimeout(timer);
  },
  defer: typeof setImmediate === "function" ? (task) => void setImmediate(task) : (task) => void setTimeout(task, 0),
};

/** Resolves with true after `milliseconds`, or with false as soon as the signal is aborted. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      cancel();
      resolve(false);
    };
    const cancel = clock.setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve(true);
    }, milliseconds);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
