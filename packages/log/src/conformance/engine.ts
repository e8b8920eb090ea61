import type { EventLog, Keep } from "../event-log.ts";

/** The options of the log that a law is checked on. */
export interface OpenOptions {
  /** @default the engine's defaults */
  readonly keep?: Partial<Keep>;
  /** Milliseconds since 1970. Passed only to engines with `heedsClock`. */
  readonly now?: () => number;
}

/** A log, and two more ways to open it. */
export interface OpenedLog {
  readonly log: EventLog;
  /** Opens a second handle on the same entries, as another process would; the same handle if there can be only one. */
  readonly another: () => Promise<EventLog>;
  /** Opens the log that a new process finds. It does not close the earlier handles, as a crash does not. */
  readonly reopen: () => Promise<EventLog>;
}

/** Opens a new, empty log on every call. */
export type OpenLog = (options: OpenOptions) => Promise<OpenedLog>;

/** The properties in which engines differ. The suite depends on these facts, not on the name of the engine. */
export interface EngineFacts {
  /** Whether entries, epoch and idempotency keys survive a restart. */
  readonly survivesReopen: boolean;
  /** Whether the log takes the time from `now`. Without it, the laws about time are not checked. */
  readonly heedsClock: boolean;
  /** The number of random histories per property: 100 if opening a log costs nothing. */
  readonly runs: number;
}

/** An engine that laws are checked on. */
export interface Engine {
  readonly open: OpenLog;
  readonly facts: EngineFacts;
}
