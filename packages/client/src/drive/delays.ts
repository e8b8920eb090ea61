import type { Clock } from "@tidings/protocol/clock";

/** Things that are done a little later, each of them once. */
export interface Delays {
  /**
   * Does something after a while, unless that is already waiting.
   * @param what tells things apart
   */
  add(what: unknown, milliseconds: number, task: () => void): void;
  /** Nothing more is done, for good. */
  close(): void;
}

export function createDelays(clock: Pick<Clock, "setTimeout">): Delays {
  const cancels = new Map<unknown, () => void>();
  let isClosed = false;

  return {
    add(what, milliseconds, task) {
      if (isClosed || cancels.has(what)) {
        return;
      }
      function run(): void {
        cancels.delete(what);
        task();
      }
      cancels.set(what, clock.setTimeout(run, milliseconds));
    },
    close() {
      isClosed = true;
      for (const cancel of cancels.values()) {
        cancel();
      }
    },
  };
}
