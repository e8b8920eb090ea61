/** Time, passed in so that the client can run in virtual time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `task` once after `milliseconds`, 2^31 - 1 at most; returns what cancels it. */
  setTimeout(task: () => void, milliseconds: number): () => void;
}

/** The longest that a timer of the platform can be, in milliseconds; a longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: Date.now,
  setTimeout(task, milliseconds) {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  },
};
