import { sleep } from "./clock.ts";
import type { Base } from "./context.ts";
import { withinTime } from "./gate.ts";

/** How often retention is applied and expired values are withdrawn, in milliseconds. */
const TRIM = 5_000;
/** After how long a trim is taken for lost, in milliseconds: an engine may have much to delete. */
const TRIM_TIME = 60_000;
/** Milliseconds. Whoever is away for longer than the log keeps meets a gap. */
const SHORT = 60_000;

/** Has the log apply its retention, one trim after the other, until the hub closes. */
export async function applyRetention({ log, clock, trace, closing }: Base): Promise<void> {
  while (await sleep(clock, TRIM, closing.signal)) {
    await trace.guard("trim-failed", () => withinTime(clock, TRIM_TIME, () => log.trim()));
  }
}

/** Warns when the log keeps events so briefly that a short absence is a gap. */
export function checkRetention({ log, trace }: Base): Promise<void> {
  return trace.guard("read-failed", async () => {
    const { keep } = await log.stat();
    if (keep.age >= SHORT) return;
    const detail = `The log keeps ${keep.age} ms; a client that is away for longer meets a gap. Keep a minute at least.`;
    trace.add("warn", "retention", { detail });
  });
}
