import type { HubRequest } from "../hub-options.ts";

/** Whether the client of a request is gone. It spares the signal, which an adapter may make only when it is wanted. */
export function hasLeft(request: Pick<HubRequest, "isGone" | "signal">): boolean {
  return request.isGone ?? request.signal.aborted;
}
