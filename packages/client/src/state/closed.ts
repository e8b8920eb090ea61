import type { Reason, Status } from "../status.ts";
import { to } from "./table.ts";

/** It has ended, for good. */
export interface Closed {
  readonly kind: "closed";
  readonly shown: Status;
}

/** Ends a connection or a subscription, whatever its state is. */
export function close(_: unknown, reason: Reason) {
  return to<Closed, [readonly ["end", Reason]]>({ kind: "closed", shown: { state: "closed", reason } }, [
    "end",
    reason,
  ]);
}
