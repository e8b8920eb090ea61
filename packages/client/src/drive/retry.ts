import type { Settings } from "../options.ts";
import type { Ending } from "../state/ending.ts";
import { nextAttempt, type Failed, type Retry } from "../state/retry.ts";
import type { Ended, Retrying } from "../status.ts";

/** The inputs of the machine that is tried again. */
interface RetryInput {
  (name: "retry", about: Retry): void;
  (name: "due", about: null): void;
  (name: "close", about: Ending): void;
}

/** The effects of whatever is tried again. */
interface RetryEffects {
  /** Reports what went wrong, and decides when to try again. The input `retry` follows, or `close`. */
  plan(failed: Failed, input: RetryInput): void;
  /** Waits, where there is a time for the next attempt. The input `due` follows. Returns what cancels the wait. */
  wait(lastFailure: Retrying | Ended, input: RetryInput): (() => void) | undefined;
}

/** @param what those of the same name that try again at the same time do it together */
export function retryEffects(
  { clock, random, report, alarms }: Pick<Settings, "clock" | "random" | "report" | "alarms">,
  what: string,
): RetryEffects {
  return {
    plan(failed, input) {
      report(failed.ending);
      const retry = nextAttempt(failed, clock.now(), failed.ending.random ?? random());
      if (retry) {
        input("retry", retry);
      } else {
        input("close", failed.ending);
      }
    },
    wait(lastFailure, input) {
      return lastFailure.state === "retrying" ? alarms.set(what, lastFailure.at, () => input("due", null)) : undefined;
    },
  };
}
