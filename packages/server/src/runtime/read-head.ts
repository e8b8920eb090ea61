import type { EventLog } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { READ_TIME } from "./limits.ts";
import { withTimeLimit } from "./time-limit.ts";

interface ReadHeadNeeds {
  readonly log: Pick<EventLog, "head">;
  readonly clock: Pick<Clock, "setTimeout">;
}

/**
 * The newest position of the log. It is not read in the queue of reads, so it waits for no other reader.
 *
 * @param gone aborted when nobody waits any more
 * @throws TimeLimitError when the log does not answer within {@link READ_TIME}
 */
export function readHead({ log, clock }: ReadHeadNeeds, gone?: AbortSignal): Promise<Cursor> {
  return withTimeLimit(clock, READ_TIME, () => log.head(), gone);
}
