import type { EventLog } from "@tidings/log";

/** The log, for a hub that may close while the log lives on. */
export function keepOpen(log: EventLog): EventLog {
  return {
    append: (batch) => log.append(batch),
    read: (...position) => log.read(...position),
    recent: (...question) => log.recent(...question),
    current: (...question) => log.current(...question),
    head: () => log.head(),
    watch: (wake) => log.watch(wake),
    trim: () => log.trim(),
    stat: () => log.stat(),
    close: async () => {},
  };
}
