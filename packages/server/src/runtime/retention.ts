import type { EventLog } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import { sleep } from "./sleep.ts";
import { withTimeLimit } from "./time-limit.ts";
import type { Trace } from "./trace.ts";

interface RetentionNeeds {
  readonly log: Pick<EventLog, "trim" | "stat">;
  readonly clock: Clock;
  readonly trace: Pick<Trace, "add" | "guard">;
  readonly closing: AbortSignal;
}

/** How often retention is applied and expired values are withdrawn, in milliseconds. */
const TRIM_INTERVAL = 5_000;
/** How long one trim may take, in milliseconds: an engine may have much to delete. */
const TRIM_TIME = 60_000;
/** The shortest retention without a warning, in milliseconds. A reader that is away for longer gets a gap. */
const SHORT_RETENTION = 60_000;

/** Lets the log apply its retention, one trim after the other, until the hub closes. */
export async function applyRetention({ log, clock, trace, closing }: RetentionNeeds): Promise<void> {
  while (await sleep(clock, TRIM_INTERVAL, closing)) {
    await trace.guard("trim-failed", () => withTimeLimit(clock, TRIM_TIME, () => log.trim()));
  }
}

/** Warns when the log keeps events for so short a time that a short absence is a gap. */
export function warnOfShortRetention({ log, trace }: Pick<RetentionNeeds, "log" | "trace">): Promise<void> {
  return trace.guard("read-failed", async () => {
    const { keep } = await log.stat();
    if (keep.age >= SHORT_RETENTION) return;
    const consequence = "a client that is away for longer meets a gap. Keep a minute at least";
    const detail = `The log keeps ${keep.age} ms; ${consequence}.`;
    trace.add("warn", "retention", { detail });
  });
}
