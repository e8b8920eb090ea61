import type { Settings } from "../options.ts";
import { nextAttempt, type Failed, type Retry } from "../state/retry.ts";
import type { Reason, Retrying } from "../status.ts";

/** The inputs of the machine that is tried again. */
interface RetryInput {
  (name: "retry", about: Retry): void;
  (name: "due", about: null): void;
  (name: "close", about: Reason): void;
}

/** The effects of whatever is tried again. */
interface RetryEffects {
  /** Decides when to try again. The input `retry` follows, or `close`. Errors that only a developer can fix are told. */
  plan(failed: Failed, input: RetryInput): void;
  /** Waits, where there is a time for the next attempt. The input `due` follows. Returns what cancels the wait. */
  wait(lastFailure: Retrying, input: RetryInput): (() => void) | undefined;
}

export function retryEffects({ clock, random, onError }: Pick<Settings, "clock" | "random" | "onError">): RetryEffects {
  return {
    plan(failed, input) {
      const { reason, error } = failed.ending;
      if (error && (reason === "bad-response" || reason === "rejected")) {
        onError(error);
      }
      const retry = nextAttempt(failed, clock.now(), random());
      if (retry) {
        input("retry", retry);
      } else {
        input("close", reason);
      }
    },
    wait: ({ at }, input) => (at === null ? undefined : clock.setTimeout(() => input("due", null), at - clock.now())),
  };
}
