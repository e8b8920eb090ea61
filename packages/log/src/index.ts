export { AppendError } from "./append-error.ts";
export { byteLength } from "./byte-length.ts";
export { checkEntries } from "./check-entries.ts";
export { checkExpected, ConflictError, isConflict } from "./conflict-error.ts";
export { checkEnds, EndedError, isEnd, isEnded } from "./ended-error.ts";
export { FORGOTTEN_CHANNELS, IDEMPOTENCY_AGE, VOLATILE_AGE } from "./event-log.ts";
export type {
  Appended,
  ChannelKeep,
  Entry,
  EventLog,
  Hole,
  Keep,
  KeepRule,
  KeepRules,
  Limit,
  LogStat,
  NewEntry,
  Page,
  TransactionalLog,
} from "./event-log.ts";
export { completeKeep } from "./keep.ts";
export { checkRules, findKeep, formatRules, parseRules, patternSource, rulesOf } from "./keep-rules.ts";
export { isMemoryLog, memoryLog } from "./memory-log.ts";
export type { MemoryLogOptions } from "./memory-log.ts";
