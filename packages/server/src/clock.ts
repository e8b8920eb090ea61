import type { Clock } from "@tidings/protocol/clock";

/** Resolves with true after `milliseconds`, or with false as soon as the signal is aborted. */
export function sleep(clock: Pick<Clock, "setTimeout">, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      cancel();
      resolve(false);
    };
    const cancel = clock.setTimeout(
      () => {
        signal.removeEventListener("abort", onAbort);
        resolve(true);
      },
      milliseconds,
      true,
    );
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
