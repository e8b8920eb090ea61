import { onAbort } from "@tidings/protocol/on-abort";
import type { Arrival } from "../state/arrival.ts";
import type { Position } from "../state/position.ts";

/** Those who wait until a subscription has delivered everything up to a position. */
export interface Arrivals {
  /** Resolves with whether it has; false means that it has closed. @throws the reason of the signal */
  readonly wait: (target: Position, signal?: AbortSignal) => Promise<boolean>;
  /** The subscription may have come further. */
  look(): void;
}

/**
 * @param arrivalAt what the subscription says at this moment
 * @param catchUp loads what there is by now. What is loaded after the question lies behind the position, or takes its
 *   place
 */
export function createArrivals(arrivalAt: (target: Position) => Arrival, catchUp: () => void): Arrivals {
  const looks = new Set<() => void>();
  return {
    wait: (target, signal) =>
      new Promise((resolve, reject) => {
        let hasAsked = false;

        function ask(): void {
          hasAsked = true;
          catchUp();
        }

        function look(): void {
          const arrival = arrivalAt(target);
          if (signal?.aborted) {
            reject(signal.reason as Error);
          } else if (arrival === "onWay") {
            return;
          } else if (arrival === "elsewhere" && !hasAsked) {
            // Later: the machine may have effects to carry out first.
            return queueMicrotask(ask);
          } else {
            resolve(arrival !== "closed");
          }
          looks.delete(look);
          forget();
        }

        looks.add(look);
        const forget = onAbort(signal, look);
        look();
      }),
    look: () => looks.forEach((look) => look()),
  };
}
