import type { EventLog } from "@tidings/log";
import { isLogEpoch, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { READ_TIME } from "./limits.ts";
import { inTime } from "./time-limit.ts";

interface ReadHeadNeeds {
  readonly log: Pick<EventLog, "head">;
  readonly clock: Pick<Clock, "setTimeout">;
}

/**
 * The newest position of the log. It is not read in the queue of reads, so it waits for no other reader.
 *
 * @throws TimeLimitError when the log does not answer within {@link READ_TIME}
 * @throws TypeError when the epoch of the log is not one that a log may have
 */
export async function readHead({ log, clock }: ReadHeadNeeds): Promise<Cursor> {
  const head = await inTime(clock, READ_TIME, log.head());
  if (isLogEpoch(head.epoch)) return head;
  throw new TypeError(
    `Expected an epoch of 1 to 24 characters A-Z a-z 0-9 _ - without "--" from the log, got "${head.epoch}"; ` +
      "make it with newEpoch of @tidings/protocol.",
  );
}
