import type { EventLog } from "../event-log.ts";

/**
 * A log whose methods are those of another log, except for some that the caller replaces. They work without their
 * object, and are copied with it: `{ ...log, append }` is a log.
 */
export function wrapLog(log: EventLog, replaced: Partial<EventLog>): EventLog {
  return {
    append: (batch) => log.append(batch),
    read: (...parameters) => log.read(...parameters),
    recent: (...parameters) => log.recent(...parameters),
    current: (...parameters) => log.current(...parameters),
    head: () => log.head(),
    watch: (wake) => log.watch(wake),
    setRules: (rules) => log.setRules(rules),
    trim: () => log.trim(),
    stat: () => log.stat(),
    close: () => log.close(),
    ...replaced,
  };
}
