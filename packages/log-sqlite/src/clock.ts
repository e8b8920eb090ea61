import type { Clock } from "@tidings/protocol/clock";

/** Resolves after so many milliseconds of the clock. */
export function sleep(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, milliseconds);
  });
}
