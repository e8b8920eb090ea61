import type { EventLog, Keep } from "../event-log.ts";

/** The options of the log that a law is checked on. */
export interface OpenOptions {
  /** @default the engine's defaults */
  readonly keep?: Partial<Keep>;
  /** Milliseconds since 1970. Passed only to engines with `heedsClock`. */
  readonly now?: () => number;
}

/** What the suite makes an engine do. */
export interface Controls {
  /** Ends the connection by which the handle `log` hears of what others append. Waits until there is one. */
  readonly cutDoorbell: () => Promise<void>;
  /** Kills the storage, as `kill -9` does, and starts it again. */
  readonly restart: () => Promise<void>;
  /**
   * Calls `append`, which may use any handle; then the storage fails over to a copy that lacks what it has appended, as
   * a standby or a backup may. The suite opens the log again after it.
   */
  readonly loseSuffix: (append: () => Promise<unknown>) => Promise<void>;
  /**
   * Opens another handle, whose process has a clock that is wrong. The storage has the right time.
   *
   * @param ahead how far its clock is ahead, in milliseconds; behind if it is negative
   */
  readonly skewed: (ahead: number) => Promise<EventLog>;
}

/** A control that a law uses. */
export type Need = keyof Controls;

/** A log, two more ways to open it, and what the suite can do with it. */
export interface OpenedLog extends Partial<Controls> {
  readonly log: EventLog;
  /** Opens a second handle on the same entries, as another process would; the same handle if there can be only one. */
  readonly another: () => Promise<EventLog>;
  /** Opens the log that a new process finds. It does not close the earlier handles, as a crash does not. */
  readonly reopen: () => Promise<EventLog>;
}

/**
 * Opens a new, empty log on every call.
 *
 * @param needs the controls that the law uses: a log that is restarted needs a storage of its own
 */
export type OpenLog = (options: OpenOptions, needs: readonly Need[]) => Promise<OpenedLog>;

/** The properties in which engines differ. The suite depends on these facts, not on the name of the engine. */
export interface EngineFacts {
  /** Whether entries, epoch and idempotency keys survive a restart. */
  readonly survivesReopen: boolean;
  /** Whether the log takes the time from `now`. Without it, the laws about time are not checked. */
  readonly heedsClock: boolean;
  /** The number of random histories per property: 100 if opening a log costs nothing. */
  readonly runs: number;
  /**
   * By control, why the engine does not have it. The suite names the reason, and does not check the laws that need the
   * control.
   * @default the engine has all of them
   */
  readonly lacks?: Partial<Readonly<Record<Need, string>>>;
}

/** An engine that laws are checked on. */
export interface Engine {
  readonly open: OpenLog;
  readonly facts: EngineFacts;
}
