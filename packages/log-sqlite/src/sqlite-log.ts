import { existsSync } from "node:fs";
import type { Appended, Keep, Limit, LogStat, NewEntry, Page, TransactionalLog } from "@tidings/log";
import { newEpoch, type Cursor } from "@tidings/protocol";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import { sleep } from "./clock.ts";
import type { SqliteTransaction } from "./driver.ts";
import { openLogFile } from "./log-file.ts";
import { Reader } from "./reader.ts";
import { Retention } from "./retention.ts";
import { beginEpoch, prepareSchema, readEpoch, readVersion, refuseNewer } from "./schema.ts";
import { sqliteError } from "./sqlite-error.ts";
import { TransactionInsert } from "./transaction-insert.ts";
import { Writer } from "./writer.ts";

export interface SqliteLogOptions {
  /** @default { entries: 10_000, age: 604_800_000, bytes: 1_073_741_824 } */
  readonly keep?: Partial<Keep>;
  /** `normal` survives the death of the process, `full` also that of the machine, at the price of a sync per commit. @default "normal" */
  readonly synchronous?: "normal" | "full";
  /** How long an append waits while somebody else has a write transaction open, in milliseconds; then it rejects. @default 10_000 */
  readonly patience?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Uniform in [0, 1); names the epoch. @default Math.random */
  readonly random?: () => number;
  /** What waiting goes by: for others who write, for what they have written, between two steps of retention. @default the runtime's */
  readonly clock?: Clock;
}

/** How often the file is looked at for what other handles have written, in milliseconds; a look costs some microseconds. */
const LOOK = 5;

/** The shortest pause between two steps of retention, in milliseconds: longer than another process waits before it tries again. */
const PAUSE = 5;

/**
 * A durable log in one SQLite file, which may be the application's: its tables begin with `tidings_`. Several processes of one machine
 * may share it.
 *
 * @throws Error when there is no driver, when the file is no database, or when a newer version has written it
 * @example
 * const hub = createHub(chat, { log: sqliteLog("chat.db"), … });
 */
export function sqliteLog(path: string, options: SqliteLogOptions = {}): TransactionalLog<SqliteTransaction> {
  return new SqliteLog(path, options);
}

/**
 * Begins a new epoch. Run it once after an older copy of the file was put back, before the server starts: clients that have
 * seen what the copy lacks are then told of a gap, instead of waiting for positions that are given out a second time.
 *
 * @param options.random as for {@link sqliteLog}
 * @throws Error when there is no log in the file, or when somebody else is writing it
 */
export function startEpoch(path: string, { random = Math.random }: Pick<SqliteLogOptions, "random"> = {}): void {
  if (!existsSync(path)) throw sqliteError("find", path, new Error("there is no such file"));
  const file = openLogFile(path, {
    synchronous: "full",
    check(opened) {
      refuseNewer(opened);
      if (readVersion(opened) === 0) throw new Error("there is none in this file; check the path");
    },
    prepare(opened) {
      prepareSchema(opened, newEpoch(random));
      beginEpoch(opened, newEpoch(random));
    },
  });
  file.close();
}

class SqliteLog implements TransactionalLog<SqliteTransaction> {
  readonly #keep: Keep;
  readonly #now: () => number;
  readonly #clock: Clock;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #insert: TransactionInsert;
  readonly #watchers = new Set<() => void>();
  /** Stops looking, when somebody watches. */
  #stopLooking: (() => void) | null = null;
  #version = 0;
  #closing: Promise<void> | null = null;

  constructor(path: string, options: SqliteLogOptions) {
    const { keep, synchronous = "normal", patience = 10_000, now = Date.now, random = Math.random } = options;
    const { clock = systemClock } = options;
    this.#keep = { entries: 10_000, age: 7 * 86_400_000, bytes: 1024 ** 3, ...keep };
    this.#now = now;
    this.#clock = clock;
    const writing = openLogFile(path, {
      synchronous,
      check: refuseNewer,
      prepare: (file) => prepareSchema(file, newEpoch(random)),
    });
    try {
      this.#insert = new TransactionInsert(writing, readEpoch(writing), now);
      this.#writer = new Writer(writing, { now, clock, patience, onCommit: () => this.#ring() });
      this.#version = this.#writer.dataVersion();
      this.#reader = new Reader(openLogFile(path, { synchronous, check: refuseNewer }), now);
    } catch (error) {
      writing.close();
      throw error;
    }
  }

  append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    return this.#writer.append(batch);
  }

  async appendIn(transaction: SqliteTransaction, batch: readonly NewEntry[]): Promise<void> {
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
    // A listener of its own for every call, so that taking one off leaves the others.
    const watcher = () => wake();
    this.#watchers.add(watcher);
    this.#stopLooking ??= this.#lookLater();
    return () => this.#watchers.delete(watcher);
  }

  async trim(): Promise<void> {
    if (this.#closing !== null) return;
    const pass = this.#writer.look((file) => new Retention(file, this.#keep, this.#now()));
    for (;;) {
      const began = this.#clock.monotonic();
      const more = await this.#writer.transact(() => pass.step());
      // As long a pause as the step took at least, so that other processes come to write, too.
      if (more) await sleep(this.#clock, Math.max(PAUSE, this.#clock.monotonic() - began));
      if (!more || this.#closing !== null) return;
    }
  }

  async stat(): Promise<LogStat> {
    return { ...this.#reader.stat(), keep: this.#keep };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watchers.clear();
    this.#stopLooking?.();
    this.#reader.close();
    await this.#writer.close();
  }

  /** One's own commits do not change one's own `data_version`; they ring at once. */
  #lookLater(): () => void {
    const look = (): void => {
      if (this.#hasChanged()) this.#ring();
      this.#stopLooking = this.#watchers.size > 0 ? this.#lookLater() : null;
    };
    return this.#clock.setTimeout(look, LOOK, true);
  }

  #hasChanged(): boolean {
    try {
      const former = this.#version;
      this.#version = this.#writer.dataVersion();
      return this.#version !== former;
    } catch {
      // Whoever is woken reads and hears what is wrong with the file; nobody could catch it here.
      return true;
    }
  }

  #ring(): void {
    for (const wake of this.#watchers) {
      try {
        wake();
      } catch {
        // The watcher's own affair, by the contract of `watch`.
      }
    }
  }
}
