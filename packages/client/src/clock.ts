/** Time, passed in so that the client can run in virtual time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `task` once after `milliseconds`; returns what cancels it. */
  setTimeout(task: () => void, milliseconds: number): () => void;
}

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: Date.now,
  setTimeout(task, milliseconds) {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  },
};
