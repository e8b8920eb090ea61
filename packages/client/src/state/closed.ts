import type { Ended, Reason } from "../status.ts";
import type { Ending } from "./ending.ts";
import { to } from "./table.ts";

/** It has ended, for good. */
export interface Closed {
  readonly kind: "closed";
  readonly shown: Ended;
}

/** Ends a connection or a subscription, whatever its state is. */
export function close(_: unknown, { reason, error }: Ending) {
  const shown: Ended = { state: "closed", reason, cause: error };
  return to<Closed, [readonly ["end", Reason]]>({ kind: "closed", shown }, ["end", reason]);
}
