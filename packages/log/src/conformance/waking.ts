import type { EventLog } from "../event-log.ts";

/** The longest time until a watcher is woken, in milliseconds: twice the interval in which a reader polls anyway. */
const DEADLINE = 2_000;
/** A doorbell is quiet if it has not rung for so long. An engine may poll until its doorbell works. In milliseconds. */
const QUIET = 600;
/** An engine whose doorbell polls for ever is never quiet. In milliseconds. */
const PATIENCE = 5_000;

/** Resolves with whether the log wakes a watcher in time. */
export function nextWake(log: EventLog, deadline = DEADLINE): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = (isWoken: boolean): void => {
      clearTimeout(timer);
      unwatch();
      resolve(isWoken);
    };
    const timer = setTimeout(() => stop(false), deadline);
    const unwatch = log.watch(() => stop(true));
  });
}

/** Waits until the doorbell does not ring any more, so that the next ring has a reason. */
export async function quiet(log: EventLog): Promise<void> {
  const end = performance.now() + PATIENCE;
  while ((await nextWake(log, QUIET)) && performance.now() < end);
}

/** Repeats a call until it succeeds, as after a restart of the storage. @throws its last error after 20 seconds */
export async function untilDone<Result>(call: () => Promise<Result>): Promise<Result> {
  for (const end = performance.now() + 20_000; ;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
