import type { Appended, NewEntry } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import { sleep } from "./clock.ts";
import { Epochs } from "./epochs.ts";
import type { LogFile } from "./log-file.ts";
import { newRow, type NewRow } from "./new-row.ts";
import { isBusy, sqliteError } from "./sqlite-error.ts";

/** Work for the next transaction, and whoever waits for it. */
interface Job {
  readonly since: number;
  /** Does the work inside the transaction; what it returns is called after the commit. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/** How often the file is asked for while somebody else writes, in milliseconds. */
const BUSY_RETRY = 2;

export interface WriterOptions {
  readonly now: () => number;
  readonly clock: Clock;
  /** How long work waits for others who write, in milliseconds. */
  readonly patience: number;
  readonly onCommit: () => void;
}

/**
 * The log's own writing handle: what is appended in one turn of the event loop is one transaction.
 *
 * It never waits inside SQLite but from the event loop: a transaction that the application holds open across an `await` on this
 * very thread could not end otherwise.
 */
export class Writer {
  readonly #file: LogFile;
  readonly #options: WriterOptions;
  readonly #epochs: Epochs;
  #jobs: Job[] = [];
  #flushing: Promise<void> | null = null;
  #closed = false;

  constructor(file: LogFile, options: WriterOptions) {
    this.#file = file;
    this.#options = options;
    this.#epochs = new Epochs(file);
    file.waitInside(0);
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const now = this.#options.now();
    const rows = batch.map((entry) => newRow(entry, now));
    return this.transact(() => rows.map((row) => this.#insert(row)));
  }

  /** Runs the work in the next transaction, together with what else was asked for in this turn of the event loop. */
  transact<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.refuseClosed();
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.#jobs.push({ since: this.#options.clock.monotonic(), run, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Reads outside of any transaction. */
  look<Result>(work: (file: LogFile) => Result): Result {
    return work(this.#file);
  }

  /** @throws Error when the log was closed */
  refuseClosed(): void {
    if (this.#closed) throw new Error("Expected an open log, got one that was closed; publish before hub.close().");
  }

  /** Changes when another handle, of this process or another, has committed; one's own commits do not count. */
  dataVersion(): number {
    return Number(this.#file.prepare("pragma data_version").get()?.["data_version"]);
  }

  /** What was asked for before is still done, if the file is free in time. Afterwards a copy of the file alone is whole. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    try {
      // Closing does so, too, but libsql closes only when the garbage collector has come by. Who still reads is not waited for.
      this.#file.prepare("pragma wal_checkpoint(truncate)").get();
    } catch {
      // On a full disk it stays in the -wal file, where whoever opens the log next finds it.
    } finally {
      this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    while (this.#jobs.length > 0) {
      await new Promise<void>((resolve) => clock.defer(resolve));
      while (!this.#tryCommit()) await sleep(clock, BUSY_RETRY);
    }
    this.#flushing = null;
  }

  /** @returns false when somebody else writes; who has waited for too long is told */
  #tryCommit(): boolean {
    // Everything that has come while the file was not free rides along.
    const jobs = this.#jobs;
    this.#jobs = [];
    try {
      this.#commit(jobs);
    } catch (error) {
      if (isBusy(error)) {
        this.#jobs = this.#patient(jobs, error);
        return this.#jobs.length === 0;
      }
      // One that the file does not take must not take the others down with it.
      return jobs.length > 1 ? this.#tryCommitEach(jobs) : this.#fail(jobs, error);
    }
    return true;
  }

  #commit(jobs: readonly Job[]): void {
    this.#file.refuseReplaced();
    const finished = this.#file.transact("begin immediate", () => {
      this.#epochs.refresh();
      return jobs.map(({ run }) => run());
    });
    for (const finish of finished) finish();
    this.#options.onCommit();
  }

  #tryCommitEach(jobs: readonly Job[]): boolean {
    for (const [index, job] of jobs.entries()) {
      try {
        this.#commit([job]);
      } catch (error) {
        if (!isBusy(error)) this.#fail([job], error);
        else {
          this.#jobs = jobs.slice(index);
          return false;
        }
      }
    }
    return true;
  }

  #fail(jobs: readonly Job[], error: unknown): true {
    for (const { reject } of jobs) reject(sqliteError("write to", this.#file.path, error));
    return true;
  }

  /** Those who still may wait. */
  #patient(jobs: readonly Job[], error: unknown): Job[] {
    const { patience, clock } = this.#options;
    const now = clock.monotonic();
    return jobs.filter(({ since, reject }) => {
      const waits = now - since < patience;
      if (!waits) reject(sqliteError(`write, after ${patience} ms, to`, this.#file.path, error));
      return waits;
    });
  }

  #insert({ sql, values, channel, idempotencyKey }: NewRow): Appended {
    const { changes, lastInsertRowid } = this.#file.prepare(sql).run(...values);
    if (Number(changes) > 0) return { cursor: this.#epochs.cursorAt(Number(lastInsertRowid)), duplicate: false };
    const known = this.#file
      .prepare("select seq from tidings_idempotency where channel = ? and key = ?")
      .get(channel, idempotencyKey);
    return { cursor: this.#epochs.cursorAt(Number(known?.["seq"])), duplicate: true };
  }
}
