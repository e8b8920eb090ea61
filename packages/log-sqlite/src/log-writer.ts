import { isConflict, isEnded, type Appended, type Limit, type NewEntry, type Page } from "@tidings/log";
import { GroupCommit, sleep } from "@tidings/log/engine";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { replacesOthers, type EntryRow } from "./entry-row.ts";
import { Epochs } from "./epochs.ts";
import { checkEndedChannels } from "./ended-channels.ts";
import { checkExpectedValues, type Find } from "./expected-value.ts";
import { beginUse, isAtRest, noteClose, type Use } from "./last-use.ts";
import type { LogFile } from "./log-file.ts";
import { newRow, type NewRow } from "./new-row.ts";
import { NewestEntries } from "./newest-entries.ts";
import { fillRowPage } from "./row-page.ts";
import { readHead } from "./schema.ts";
import { isBusy, writeError } from "./sqlite-error.ts";

/** Work for the next transaction. */
interface Job {
  /** When it was requested, by the clock's monotonic time. */
  readonly since: number;
  /** Does the work inside the transaction. The function that it returns is called after the commit. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/** What a transaction has changed. */
interface Changes {
  readonly inserted: EntryRow[];
  /** Whether that is all: nothing else is in the file, and nothing less. */
  isAll: boolean;
  /** Channels that have not ended. */
  readonly openChannels: Set<string>;
}

const noChanges = (): Changes => ({ inserted: [], isAll: true, openChannels: new Set() });

/** The interval of attempts while another handle writes, in milliseconds. */
const BUSY_RETRY = 2;

/** Options of {@link LogWriter}. */
export interface LogWriterOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly clock: Clock;
  /** Who uses the log; the name of an epoch is drawn with each call. */
  readonly use: () => Use;
  /** How long work waits for other writers, in milliseconds. */
  readonly patience: number;
  /** Called after every commit, before anybody hears of it, with the newest position that is new since the last one. */
  readonly onCommit: (last: Cursor | null) => void;
}

/**
 * The log's own handle for writing. All appends of one turn of the event loop are one transaction.
 *
 * It waits for other writers in the event loop and never inside SQLite. The application may hold a transaction open
 * across an `await` on this same thread, and a wait inside SQLite would block the thread, so that transaction could
 * never end.
 */
export class LogWriter {
  readonly #file: LogFile;
  readonly #options: LogWriterOptions;
  readonly #epochs: Epochs;
  readonly #queue: GroupCommit<Job>;
  readonly #newest = new NewestEntries();
  /** Of the running transaction. */
  #changes = noChanges();
  /** The head that other handles have left, until a commit tells of it: an answer may name it. */
  #othersHead: Cursor | null = null;
  /** The version of the file at the last transaction. Until it changes, no other handle has written. */
  #version: number | null = null;
  #closed = false;

  constructor(file: LogFile, options: LogWriterOptions) {
    this.#file = file;
    this.#options = options;
    this.#epochs = new Epochs(file);
    this.#queue = new GroupCommit({ clock: options.clock, commit: (jobs) => this.#commitWhenFree(jobs) });
    file.setBusyTimeout(0);
  }

  /**
   * @throws EndedError if the channel of an entry has ended
   * @throws ConflictError if a value does not stand where an entry expects it
   * @throws Error if the log is closed, or if the file cannot be written in time
   */
  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const now = this.#options.now();
    const rows = batch.map((entry) => newRow(entry, now));
    return this.#enqueue(() => {
      const find: Find = (sql, ...values) => this.#file.prepare(sql).get(...values);
      checkEndedChannels(rows, find, { open: this.#changes.openChannels });
      checkExpectedValues(rows, find, now);
      return rows.map((row) => this.#insert(row));
    });
  }

  /** Runs the work in the next transaction, together with all other work of this turn of the event loop. */
  transact<Result>(work: (file: LogFile) => Result): Promise<Result> {
    return this.#enqueue((file) => {
      this.#changes.isAll = false;
      return work(file);
    });
  }

  /**
   * A page of all channels after a position, without reading the file. Null unless this handle itself has written all
   * that comes after it.
   */
  readNewest(after: Cursor, limit: Limit): Page | null {
    const rows = this.#newest.after(after.seq);
    const head = rows?.at(-1)?.seq;
    if (rows === null || head === undefined || !this.#isUnchanged()) return null;
    const { table: epochs } = this.#epochs;
    if (epochs.invalidity(after, head) !== null) return null;
    return fillRowPage(rows.values(), { limit, head, epochs, now: this.#options.now() });
  }

  #enqueue<Result>(work: (file: LogFile) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.refuseClosed();
      const run = () => {
        try {
          const result = work(this.#file);
          return () => resolve(result);
        } catch (error) {
          // It has written nothing, so the transaction goes on with the other jobs.
          if (isEnded(error) || isConflict(error)) return () => reject(error);
          throw error;
        }
      };
      this.#queue.add({ since: this.#options.clock.monotonic(), run, reject });
    });
  }

  /** Reads from the file outside of any transaction. */
  read<Result>(work: (file: LogFile) => Result): Result {
    return work(this.#file);
  }

  /** @throws Error if the log was closed */
  refuseClosed(): void {
    if (this.#closed) throw new Error("Expected an open log, got one that was closed; publish before hub.close().");
  }

  /** A number that changes with every commit of another handle, of any process. Own commits do not change it. */
  dataVersion(): number {
    return Number(this.#file.prepare("pragma data_version").get()?.["data_version"]);
  }

  /**
   * Finishes the work that was requested before, if the file is free in time, and closes the file. After that, a copy
   * of the file alone is complete.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.finish();
    try {
      this.#file.refuseReplaced();
      this.#file.transact("begin immediate", () => noteClose(this.#file));
    } catch {
      // Without the note, the next process begins an epoch if it does not find the -wal file.
    }
    try {
      // Closing the handle also does this, but libsql closes it only when the garbage collector runs. The checkpoint
      // does not wait for readers.
      this.#file.prepare("pragma wal_checkpoint(truncate)").get();
    } catch {
      // On a full disk the entries stay in the -wal file, and the next handle that opens the log finds them there.
    } finally {
      this.#file.close();
    }
  }

  /** Commits the jobs, together with those that come while the file is busy. */
  async #commitWhenFree(jobs: readonly Job[]): Promise<void> {
    for (let waiting = this.#tryCommit(jobs); waiting.length > 0;) {
      await sleep(this.#options.clock, BUSY_RETRY);
      waiting = this.#tryCommit([...waiting, ...this.#queue.takeWaiting()]);
    }
  }

  /**
   * Tries to commit all jobs, and rejects those that fail or have waited for too long.
   *
   * @returns the jobs that have to wait for another writer
   */
  #tryCommit(jobs: readonly Job[]): readonly Job[] {
    try {
      this.#commit(jobs);
      return [];
    } catch (error) {
      if (isBusy(error)) return this.#rejectImpatient(jobs, error);
      // A job that fails must not make the others fail.
      if (jobs.length > 1) return this.#tryCommitEach(jobs);
      this.#reject(jobs, error);
      return [];
    }
  }

  #commit(jobs: readonly Job[]): void {
    this.#file.refuseReplaced();
    this.#changes = noChanges();
    const finished = this.#file.transact("begin immediate", () =>
      this.#noteOthers() ? jobs.map(({ run }) => run()) : null,
    );
    if (finished === null) {
      beginUse(this.#file, this.#options.use());
      this.#commit(jobs);
      return;
    }
    this.#file.noteCommit();
    if (this.#changes.isAll) this.#newest.append(this.#changes.inserted);
    else this.#newest.forget();
    const last = this.#changes.inserted.at(-1);
    this.#options.onCommit(last === undefined ? this.#othersHead : this.#epochs.table.cursorAt(last.seq));
    this.#othersHead = null;
    for (const finish of finished) finish();
  }

  /** Whether no other handle has written since the last commit. False if the file says nothing at this moment. */
  #isUnchanged(): boolean {
    try {
      return this.dataVersion() === this.#version;
    } catch {
      // A process may be repairing the file after a crash. The reader waits for it, and says what is wrong.
      return false;
    }
  }

  /** Looks what other handles have written, inside a transaction. Returns whether entries may be written. */
  #noteOthers(): boolean {
    const version = this.dataVersion();
    if (version === this.#version) return true;
    this.#newest.forget();
    if (isAtRest(this.#file)) return false;
    this.#epochs.refresh();
    this.#othersHead = this.#epochs.table.headAt(readHead(this.#file));
    this.#version = version;
    return true;
  }

  #tryCommitEach(jobs: readonly Job[]): readonly Job[] {
    for (const [index, job] of jobs.entries()) {
      try {
        this.#commit([job]);
      } catch (error) {
        if (isBusy(error)) return jobs.slice(index);
        this.#reject([job], error);
      }
    }
    return [];
  }

  #reject(jobs: readonly Job[], error: unknown): void {
    for (const { reject } of jobs) reject(writeError("write to", this.#file.path, error));
  }

  /** Rejects the jobs that have waited for too long, and returns the others. */
  #rejectImpatient(jobs: readonly Job[], error: unknown): Job[] {
    const { patience, clock } = this.#options;
    const now = clock.monotonic();
    return jobs.filter(({ since, reject }) => {
      const waits = now - since < patience;
      if (!waits) reject(writeError(`write, after ${patience} ms, to`, this.#file.path, error));
      return waits;
    });
  }

  #note(seq: number, row: NewRow["row"]): void {
    const { inserted, openChannels } = this.#changes;
    const { channel, type, kind, key, at, data, expires_at } = row;
    // Written out, since it happens for every entry: Node 20 copies a spread ten times as slowly.
    inserted.push({ seq, channel, type, kind, key, at, data, expires_at });
    if (!replacesOthers(row)) return;
    this.#changes.isAll = false;
    // It may have been the end.
    openChannels.delete(channel);
  }

  #insert({ sql, values, row, entry: { channel, idempotencyKey = "" } }: NewRow): Appended {
    const { changes, lastInsertRowid } = this.#file.prepare(sql).run(...values);
    if (Number(changes) > 0) {
      const seq = Number(lastInsertRowid);
      this.#note(seq, row);
      return { cursor: this.#epochs.table.cursorAt(seq), duplicate: false };
    }
    const first = this.#file
      .prepare("select seq from tidings_idempotency where channel = ? and key = ?")
      .get(channel, idempotencyKey);
    return { cursor: this.#epochs.table.cursorAt(Number(first?.["seq"])), duplicate: true };
  }
}
