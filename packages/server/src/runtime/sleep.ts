import { sleep as sleepBy, type Clock } from "@tidings/protocol/clock";

/** Resolves with true after `milliseconds`, or with false as soon as the signal is aborted. No process waits for it. */
export function sleep(clock: Pick<Clock, "setTimeout">, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return sleepBy(clock, milliseconds, signal, true);
}
