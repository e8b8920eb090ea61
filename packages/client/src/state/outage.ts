import type { Reason } from "../status.ts";

/** Whether nothing was heard of the server. */
export function isOutage(reason: Reason): boolean {
  return reason === "offline" || reason === "network" || reason === "timeout";
}
