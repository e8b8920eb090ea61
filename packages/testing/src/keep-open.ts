import type { EventLog } from "@tidings/log";

/** The same log for a hub: closing the hub does not close the log. */
export function keepOpen(log: EventLog): EventLog {
  return {
    append: (batch) => log.append(batch),
    read: (...args) => log.read(...args),
    recent: (...args) => log.recent(...args),
    current: (...args) => log.current(...args),
    head: () => log.head(),
    watch: (wake) => log.watch(wake),
    setRules: (rules) => log.setRules(rules),
    trim: () => log.trim(),
    stat: () => log.stat(),
    close: async () => {},
  };
}
