import type { ChannelKeep, EventLog, KeepRules } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { MakeKeepRules } from "./keep-rules.ts";
import { sleep } from "./sleep.ts";
import { inTime, withTimeLimit } from "./time-limit.ts";
import type { Trace } from "./trace.ts";
import type { Tailer } from "../window/tailer.ts";

interface RetentionNeeds {
  readonly log: Pick<EventLog, "setRules" | "trim" | "stat">;
  /** Null if the rules in the log stay as they are. */
  readonly keepRules: MakeKeepRules | null;
  readonly tailer: Pick<Tailer, "caughtUp">;
  readonly clock: Clock;
  readonly trace: Pick<Trace, "add" | "guard">;
  readonly closing: AbortSignal;
}

/** How often retention is applied and expired values are withdrawn, in milliseconds. */
const TRIM_INTERVAL = 5_000;
/** How long a trim waits for the ring, in milliseconds: somebody may publish without a pause. */
const CATCH_UP_TIME = 1_000;
/** How long one trim may take, in milliseconds: an engine may have much to delete. */
const TRIM_TIME = 60_000;
/** How long the log may take to store rules, in milliseconds. */
const ANSWER_TIME = 15_000;
/** The shortest retention without a warning, in milliseconds. A reader that is away for longer gets a gap. */
const SHORT_RETENTION = 60_000;

/**
 * Stores the rules of the hub. Then it lets the log apply its retention, one trim after the other, until the hub
 * closes. Nothing is trimmed before: the rules that are in the log may keep less.
 */
export async function applyRetention(needs: RetentionNeeds): Promise<void> {
  const { log, clock, trace, closing } = needs;
  while (!(await isRuled(needs))) {
    if (!(await sleep(clock, TRIM_INTERVAL, closing))) return;
  }
  while (await sleep(clock, TRIM_INTERVAL, closing)) {
    await untilCaughtUp(needs);
    if (closing.aborted) return;
    await trace.guard("trim-failed", () => withTimeLimit(clock, TRIM_TIME, () => log.trim()));
  }
}

/**
 * What is published in one go may be more than the log keeps. Live readers get it from the ring. So a trim waits for
 * the read of the ring that is under way. It cannot wait for what another process has published, and no doorbell has
 * told.
 */
async function untilCaughtUp({ tailer, clock }: Pick<RetentionNeeds, "tailer" | "clock">): Promise<void> {
  try {
    await inTime(clock, CATCH_UP_TIME, tailer.caughtUp());
  } catch {
    // It takes too long: retention has to bound the log all the same.
  }
}

/** Returns whether the log has taken the rules of the hub. */
async function isRuled({ log, keepRules, clock, trace, closing }: RetentionNeeds): Promise<boolean> {
  try {
    const stat = await withTimeLimit(clock, ANSWER_TIME, () => log.stat());
    const own = keepRules?.(stat.keep);
    if (own !== undefined) await withTimeLimit(clock, ANSWER_TIME, () => log.setRules(own));
    warnOfShortRetention(own ?? stat.rules, trace);
    return true;
  } catch (error) {
    // A log that is closed refuses, and a hub may close before it has begun.
    if (!closing.aborted) trace.add("error", "rules-failed", { error });
    return false;
  }
}

/** Warns of each rule that keeps events for so short a time that a short absence is a gap. */
function warnOfShortRetention({ channels, default: others }: KeepRules, trace: Pick<Trace, "add">): void {
  const warn = ({ age }: ChannelKeep, what: string): void => {
    if (age >= SHORT_RETENTION) return;
    const consequence = "a client that is away for longer meets a gap. Keep a minute at least";
    trace.add("warn", "retention", { detail: `The log keeps ${what} for ${age} ms; ${consequence}.` });
  };
  for (const rule of channels) warn(rule, rule.pattern);
  warn(others, channels.length === 0 ? "events" : "all other channels");
}
