import type { EventLog, Keep } from "../event-log.ts";

/** What a law asks of the log that it is tried on. */
export interface OpenOptions {
  /** What is left out is the engine's default. */
  readonly keep?: Partial<Keep>;
  /** Milliseconds since 1970; given only to engines that heed it. */
  readonly now?: () => number;
}

export interface OpenedLog {
  readonly log: EventLog;
  /** A second handle on the same entries, as another process would have it; the same handle where there can be only one. */
  readonly another: () => Promise<EventLog>;
  /** The log that a new process finds in the same place. The handles of before are left as they are, as a crash would. */
  readonly reopen: () => Promise<EventLog>;
}

/** Opens an empty log of its own on every call. */
export type OpenLog = (options: OpenOptions) => Promise<OpenedLog>;

/** What is true of an engine and not of every engine. The suite reads them instead of asking which engine it is. */
export interface EngineFacts {
  /** Entries, epoch and idempotency keys are there after a restart. */
  readonly survivesReopen: boolean;
  /** The log takes the time from `now`. Without it, laws about time are not tried. */
  readonly heedsClock: boolean;
  /** How many random histories a property is tried with: 100 where opening a log costs nothing. */
  readonly runs: number;
}

export interface Engine {
  readonly open: OpenLog;
  readonly facts: EngineFacts;
}
