import type { Reason, Retrying } from "../status.ts";

/** How long to wait. It is an object, so that a timer can be told from the next one. */
export interface Pause {
  readonly milliseconds: number;
}

/** When to try again, and why. */
export interface Plan {
  readonly trouble: Retrying;
  readonly pause: Pause;
}

/** Whether nothing was heard of the server. */
export function isOutage(reason: Reason): boolean {
  return reason === "offline" || reason === "network" || reason === "timeout";
}
