import { existsSync } from "node:fs";
import { checkRules, completeKeep, rulesOf } from "@tidings/log";
import type { Appended, Keep, KeepRules, Limit, LogStat, NewEntry, Page, TransactionalLog } from "@tidings/log";
import { newEpoch, type Cursor } from "@tidings/protocol";
import {
  checkMethods,
  checkOptions,
  checkRange,
  checkType,
  CLOCK_METHODS,
  type CheckedType,
} from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import { readBoot } from "./boot.ts";
import { sleep } from "./clock.ts";
import type { SqliteTransaction } from "./driver.ts";
import { continueEpoch, noteClose, type Use } from "./last-use.ts";
import { openLogFile } from "./log-file.ts";
import { LogReader } from "./log-reader.ts";
import { Retention } from "./retention.ts";
import { beginEpoch, prepareSchema, readEpoch, readHead, readVersion, refuseNewer } from "./schema.ts";
import { sqliteError } from "./sqlite-error.ts";
import { hasRules, storeRules } from "./stored-rules.ts";
import { TransactionInsert } from "./transaction-insert.ts";
import { LogWriter } from "./log-writer.ts";

/** Options of {@link sqliteLog}. */
export interface SqliteLogOptions {
  /**
   * What retention keeps.
   *
   * @default { entries: 10_000, age: 604_800_000, bytes: 1_073_741_824, emptyChannels: 100_000 }
   */
  readonly keep?: Partial<Keep>;
  /**
   * `normal`: acknowledged entries survive the death of the process. After a crash of the machine the last ones may be
   * lost; then readers that have seen them get a gap. `full`: they also survive the crash; every commit then costs a
   * sync. @default "normal"
   */
  readonly synchronous?: "normal" | "full";
  /**
   * The milliseconds that an append waits while another handle has a write transaction open. Then it rejects.
   * @default 10_000
   */
  readonly patience?: number;
  /** Milliseconds since 1970; the time of entries and of retention. @default Date.now */
  readonly now?: () => number;
  /** Uniform in [0, 1); it names the epoch. @default Math.random */
  readonly random?: () => number;
  /**
   * Times every wait: for other writers, between two polls of the file, and between two steps of retention.
   * @default systemClock
   */
  readonly clock?: Clock;
  /**
   * Identifies the running boot of the machine: after another boot, the log begins a new epoch unless it was closed
   * before. @default the boot id of Linux; elsewhere the time of the boot
   */
  readonly boot?: string;
}

/** The interval of polls of the file for commits of other handles, in milliseconds. A poll costs some microseconds. */
const POLL_INTERVAL = 5;

/** The shortest pause between two steps of retention, in milliseconds. It is longer than the retry of other writers. */
const MIN_PAUSE = 5;

/**
 * A durable log in one SQLite file. The file may be the application's: the log's tables begin with `tidings_`. Several
 * processes of one machine may share it.
 *
 * @throws TypeError for a path that is no string, for an unknown option, and for one of another type
 * @throws Error if there is no driver, if the file is not a database, or if a newer version of this package wrote it
 * @example
 * const hub = createHub(chat, { log: sqliteLog("chat.db"), … });
 */
export function sqliteLog(path: string, options: SqliteLogOptions = {}): TransactionalLog<SqliteTransaction> {
  checkPath(path);
  checkOptions("the options of sqliteLog", options, OPTION_TYPES);
  const { synchronous = "normal", patience = 0, clock = systemClock } = options;
  if (synchronous !== "normal" && synchronous !== "full") {
    throw new TypeError(`Expected "synchronous" to be "normal" or "full", got "${String(synchronous)}".`);
  }
  checkRange("patience", patience, 0, Infinity);
  checkMethods("clock", clock, CLOCK_METHODS);
  return new SqliteLog(path, options);
}

/** The type of each option. `keep` is checked where its defaults are. */
const OPTION_TYPES = {
  keep: "object",
  synchronous: "string",
  patience: "number",
  now: "function",
  random: "function",
  clock: "object",
  boot: "string",
} as const satisfies Record<keyof SqliteLogOptions, CheckedType>;

/** Plain JavaScript may leave the path out. @throws TypeError */
function checkPath(path: unknown): void {
  checkType("path", path ?? null, "string");
}

/**
 * Begins a new epoch. Run it once after you have restored an older copy of the file, before the server starts. Clients
 * that have seen events which the copy lacks then get a gap. Otherwise they would wait for positions that the log gives
 * to other events.
 *
 * @param options.random as for {@link sqliteLog}
 * @throws TypeError for a path that is no string, and for an unknown option
 * @throws Error if there is no log in the file, or if another handle is writing it
 */
export function startEpoch(path: string, options: Pick<SqliteLogOptions, "random"> = {}): void {
  checkPath(path);
  checkOptions("the options of startEpoch", options, { random: "function" });
  const { random = Math.random } = options;
  if (!existsSync(path)) throw sqliteError("find", path, new Error("there is no such file; check the path"));
  const file = openLogFile(path, {
    synchronous: "full",
    check(opened) {
      refuseNewer(opened);
      if (readVersion(opened) === 0) throw new Error("expected a file with a log, got one without; check the path");
    },
    prepare(opened) {
      prepareSchema(opened, newEpoch(random));
      opened.transact("begin immediate", () => {
        beginEpoch(opened, newEpoch(random), readHead(opened));
        noteClose(opened);
      });
    },
  });
  // libsql closes the handle only when the garbage collector runs.
  file.prepare("pragma wal_checkpoint(truncate)").get();
  file.close();
}

const DEFAULT_KEEP: Keep = { entries: 10_000, age: 7 * 86_400_000, bytes: 1024 ** 3, emptyChannels: 100_000 };

class SqliteLog implements TransactionalLog<SqliteTransaction> {
  readonly #keep: Keep;
  readonly #now: () => number;
  readonly #clock: Clock;
  readonly #reader: LogReader;
  readonly #writer: LogWriter;
  readonly #insert: TransactionInsert;
  readonly #retention: Retention;
  /** The pass of retention that runs. */
  #trimming: Promise<void> | null = null;
  readonly #watchers = new Set<() => void>();
  /** Cancels the next poll; null while nobody watches. */
  #cancelPoll: (() => void) | null = null;
  /** Of the file at the last poll. */
  #dataVersion = 0;
  #closing: Promise<void> | null = null;

  constructor(path: string, options: SqliteLogOptions) {
    const { keep, synchronous = "normal", patience = 10_000, now = Date.now, random = Math.random } = options;
    const { clock = systemClock, boot = readBoot() } = options;
    this.#keep = completeKeep(keep, DEFAULT_KEEP);
    this.#now = now;
    this.#clock = clock;
    const writing = openLogFile(path, {
      synchronous,
      check: refuseNewer,
      prepare(file, hasWal) {
        prepareSchema(file, newEpoch(random));
        continueEpoch(file, { boot, hasWal, epoch: newEpoch(random) });
      },
    });
    const use = (): Use => ({ boot, epoch: newEpoch(random) });
    try {
      this.#insert = new TransactionInsert(writing, { epoch: readEpoch(writing), now, use });
      this.#writer = new LogWriter(writing, { now, clock, use, patience, onCommit: () => this.#wakeWatchers() });
      this.#retention = new Retention(writing, this.#keep);
      this.#dataVersion = this.#writer.dataVersion();
      this.#reader = new LogReader(openLogFile(path, { synchronous, check: refuseNewer }), now);
    } catch (error) {
      writing.close();
      throw error;
    }
  }

  append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    return this.#writer.append(batch);
  }

  async appendIn(transaction: SqliteTransaction, batch: readonly NewEntry[]): Promise<void> {
    checkMethods("transaction", transaction, ["prepare"]);
    this.#writer.refuseClosed();
    this.#insert.run(transaction, batch);
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    signal?.throwIfAborted();
    return this.#reader.read(after, channels, limit);
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    return this.#reader.recent(channels, n, before);
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    return this.#reader.current(channels, after, limit);
  }

  async head(): Promise<Cursor> {
    return this.#reader.head();
  }

  watch(wake: () => void): () => void {
    if (this.#closing !== null) return () => {};
    // Each call needs a function of its own: the same `wake` may watch twice, and one of the two watches may end.
    const watcher = () => wake();
    this.#watchers.add(watcher);
    this.#cancelPoll ??= this.#schedulePoll();
    return () => this.#watchers.delete(watcher);
  }

  async setRules(given: KeepRules): Promise<void> {
    this.#writer.refuseClosed();
    const rules = checkRules(given);
    // A process that starts with the rules in force writes nothing.
    if (this.#writer.read((file) => hasRules(file, rules))) return;
    await this.#writer.transact((file) => storeRules(file, rules));
  }

  async trim(): Promise<void> {
    if (this.#closing !== null) return;
    if (this.#trimming !== null) return this.#trimming;
    this.#trimming = this.#runPass();
    try {
      await this.#trimming;
    } catch (error) {
      this.#retention.restart();
      throw error;
    } finally {
      this.#trimming = null;
    }
  }

  async #runPass(): Promise<void> {
    this.#retention.begin(this.#now());
    for (;;) {
      const start = this.#clock.monotonic();
      const more = await this.#writer.transact(() => this.#retention.step());
      if (!more) return;
      // Pause at least as long as the step took, so that other processes can write, too.
      await sleep(this.#clock, Math.max(MIN_PAUSE, this.#clock.monotonic() - start));
      if (this.#closing !== null) return;
    }
  }

  async stat(): Promise<LogStat> {
    const { rules, ...counted } = this.#reader.stat();
    return { ...counted, keep: this.#keep, rules: rules ?? rulesOf(this.#keep) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watchers.clear();
    this.#cancelPoll?.();
    this.#reader.close();
    await this.#writer.close();
  }

  /** Polls for commits of other handles. The log's own commits do not change `data_version`; they wake at once. */
  #schedulePoll(): () => void {
    const poll = (): void => {
      if (this.#hasChanged()) this.#wakeWatchers();
      this.#cancelPoll = this.#watchers.size > 0 ? this.#schedulePoll() : null;
    };
    return this.#clock.setTimeout(poll, POLL_INTERVAL, true);
  }

  #hasChanged(): boolean {
    try {
      const previous = this.#dataVersion;
      this.#dataVersion = this.#writer.dataVersion();
      return this.#dataVersion !== previous;
    } catch {
      // Nobody could catch this error here. A watcher that is woken reads, and its read fails with the same error.
      return true;
    }
  }

  #wakeWatchers(): void {
    for (const wake of this.#watchers) {
      try {
        wake();
      } catch {
        // `watch` ignores the errors of its watchers.
      }
    }
  }
}
