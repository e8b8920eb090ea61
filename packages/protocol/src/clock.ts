import { onAbort } from "./on-abort.ts";

/** Time and turns of the event loop. It is passed in, so that everything can run in virtual time. */
export interface Clock {
  /** The time of day: milliseconds since 1970. It jumps when somebody sets the machine's clock. */
  now(): number;
  /** Milliseconds since some moment in the past. It never goes back. */
  monotonic(): number;
  /**
   * Runs `task` once after `milliseconds`, {@link LONGEST_TIMER} at most. Returns what cancels it.
   * @param isBackground whether nobody waits for the task: the process may end before it has run
   */
  setTimeout(task: () => void, milliseconds: number, isBackground?: boolean): () => void;
  /** Runs `task` at the end of this turn of the event loop, after I/O that is ready. */
  defer(task: () => void): void;
}

/** The longest timer of the platform, in milliseconds. A longer one runs at once. */
export const LONGEST_TIMER = 2_147_483_647;

// Taken once: a test of an application that fakes the timers would stop all work that waits for the next turn. Only
// some runtimes have the first.
const nextTurn = /* @__PURE__ */ takeSetImmediate();

function takeSetImmediate(): ((task: () => void) => unknown) | undefined {
  return (globalThis as { readonly setImmediate?: (task: () => void) => unknown }).setImmediate;
}

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: startTimer,
  defer(task) {
    (nextTurn ?? setTimeout)(task);
  },
};

/** The timer of {@link systemClock}. A client needs no more of that than this one and `Date.now`, and loads no more. */
export function startTimer(task: () => void, milliseconds: number, isBackground = false): () => void {
  const timer = setTimeout(task, milliseconds);
  if (isBackground) {
    // Node and Bun have an object here, browsers a number.
    (timer as { unref?(): void }).unref?.();
  }
  return () => clearTimeout(timer);
}

/**
 * Resolves with true after so many milliseconds of the clock, or with false as soon as the signal is aborted.
 * @param isBackground whether nobody waits for it: the process may end before
 */
export function sleep(
  clock: Pick<Clock, "setTimeout">,
  milliseconds: number,
  signal?: AbortSignal,
  isBackground = false,
): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onTime = (): void => {
      forget();
      resolve(true);
    };
    const cancel = clock.setTimeout(onTime, milliseconds, isBackground);
    const forget = onAbort(signal, () => {
      cancel();
      resolve(false);
    });
  });
}
