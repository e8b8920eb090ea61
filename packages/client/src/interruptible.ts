import { toEnding, type Ending } from "./ending.ts";

/**
 * Begins work that can be ended from outside, also where it waits for what does not heed its signal. What it throws is an outcome.
 * The first outcome counts; any aborts the signal.
 */
export function interruptible<Outcome>(work: (signal: AbortSignal) => Promise<Outcome>) {
  const controller = new AbortController();
  let end = (_outcome: Outcome | Ending) => {};
  const outcome = new Promise<Outcome | Ending>((resolve) => {
    end = (given) => {
      resolve(given);
      controller.abort();
    };
  });
  void work(controller.signal).catch(toEnding).then(end);
  return { outcome, end };
}
