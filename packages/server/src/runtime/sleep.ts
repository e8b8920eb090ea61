import type { Clock } from "@tidings/protocol/clock";

/** Resolves with true after `milliseconds`, or with false as soon as the signal is aborted. */
export function sleep(clock: Pick<Clock, "setTimeout">, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      cancel();
      resolve(false);
    };
    const onTime = (): void => {
      signal.removeEventListener("abort", onAbort);
      resolve(true);
    };
    const cancel = clock.setTimeout(onTime, milliseconds, true);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
