import type { Clock } from "@tidings/protocol/clock";
import type { HubRequest } from "../hub-options.ts";
import { TimeLimitError } from "../runtime/time-limit.ts";
import type { Trace } from "../runtime/trace.ts";
import { hasLeft } from "./has-left.ts";
import { Refusal } from "./refusal.ts";

/** How long `authenticate` may take, and `authorize` about all paths of a request, in milliseconds. */
const HOOK_TIME = 10_000;
/** How often it is looked whether the client is still there, in milliseconds. To be told costs a signal each. */
const LOOK_TIME = 1_000;

interface WaitNeeds {
  readonly clock: Pick<Clock, "setTimeout">;
  readonly trace: Pick<Trace, "add">;
}

/**
 * Waits for an answer of the application that is still to come, for ten seconds at most, and not much longer than the
 * client does. Nothing of a request is kept when its client has left. But a hook that hangs is reported all the same:
 * clients may have less patience than the hub.
 *
 * @throws Refusal 503 when the time is over, and when the client has left; and what the hook rejects with
 */
export function waitForHook<Result>(
  { clock, trace }: WaitNeeds,
  // Set to null later: what keeps the hook's promise would keep the request, too.
  request: HubRequest | null,
  name: string,
  answer: Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let remaining = HOOK_TIME;
    const refuse = (detail: string): void => {
      request = null;
      reject(new Refusal(503, "unavailable", { detail }));
    };
    const look = (): void => {
      remaining -= LOOK_TIME;
      if (remaining === 0) {
        trace.add("error", "hook-failed", { detail: name, error: new TimeLimitError(HOOK_TIME) });
        return refuse("The server takes too long to decide.");
      }
      if (request !== null && hasLeft(request)) refuse("The client has left.");
      cancel = clock.setTimeout(look, LOOK_TIME, true);
    };
    let cancel = clock.setTimeout(look, LOOK_TIME, true);
    void answer.then(resolve, reject).finally(() => cancel());
  });
}
