import { memoryLog, type EventLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";

/** A log in memory that several hubs share: none of them closes it. */
export function sharedLog(now: () => number): EventLog {
  return wrapLog(memoryLog({ now }), { close: async () => {} });
}
