import type { Appended, NewEntry } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { Database } from "./database.ts";
import { encodeEntries } from "./encoded-entries.ts";
import type { Epochs } from "./epochs.ts";
import { appendError, isBadEntry, isConflict } from "./postgres-error.ts";

/** A batch that waits for the next statement. */
interface Job {
  /** The entries, each as JSON. */
  readonly entries: readonly string[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The most entries and characters of one statement. A single batch may have more. */
const MAX_ENTRIES = 1_000;
const MAX_CHARACTERS = 4_000_000;
/** How often a statement is tried that conflicts with another transaction. */
const ATTEMPTS = 5;

/** Options of {@link LogWriter}. */
export interface LogWriterOptions {
  /** Milliseconds since 1970; null for the clock of the server. */
  readonly now: () => number | null;
  readonly clock: Clock;
  /** How long an append waits for other transactions, in milliseconds. */
  readonly patience: number;
  /** Called after every commit. */
  readonly onCommit: () => void;
}

/** Appends outside of any other transaction. All appends of one turn of the event loop are one statement. */
export class LogWriter {
  readonly #database: Database;
  readonly #options: LogWriterOptions;
  readonly #epochs: Epochs;
  #jobs: Job[] = [];
  #flushing: Promise<void> | null = null;

  constructor(database: Database, epochs: Epochs, options: LogWriterOptions) {
    this.#database = database;
    this.#epochs = epochs;
    this.#options = options;
  }

  /** @throws AppendError if the entries cannot be stored in time */
  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const entries = encodeEntries(batch, this.#options.now());
    if (entries.length === 0) return [];
    return new Promise((resolve, reject) => {
      this.#jobs.push({ entries, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Waits for the appends that were requested before. */
  async finish(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    await new Promise<void>((resolve) => this.#options.clock.defer(resolve));
    while (this.#jobs.length > 0) await this.#tryCommit(this.#nextGroup());
    this.#flushing = null;
  }

  /** Takes the oldest jobs, as many as one statement may have. */
  #nextGroup(): Job[] {
    let entries = 0;
    let characters = 0;
    const end = this.#jobs.findIndex((job, index) => {
      entries += job.entries.length;
      characters += job.entries.reduce((sum, { length }) => sum + length, 0);
      return index > 0 && (entries > MAX_ENTRIES || characters > MAX_CHARACTERS);
    });
    return this.#jobs.splice(0, end === -1 ? this.#jobs.length : end);
  }

  async #tryCommit(jobs: readonly Job[]): Promise<void> {
    try {
      await this.#commit(jobs);
    } catch (error) {
      // A bad entry must not make the others fail. After other errors, each attempt would fail or wait like this one.
      if (jobs.length > 1 && isBadEntry(error)) for (const job of jobs) await this.#tryCommit([job]);
      else for (const { reject } of jobs) reject(appendError(error));
    }
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const rows = await this.#store(`[${jobs.flatMap(({ entries }) => entries).join(",")}]`);
    let next = 0;
    for (const { entries, resolve } of jobs) {
      resolve(rows.slice(next, next + entries.length));
      next += entries.length;
    }
    this.#options.onCommit();
  }

  async #store(batch: string): Promise<readonly Appended[]> {
    const { patience } = this.#options;
    const text = `select * from ${this.#database.schema}.append($1, $2)`;
    for (let attempt = 1; ; attempt++) {
      try {
        const rows = await this.#database.query(text, [batch, patience]);
        await this.#epochs.know(String(rows[0]?.["epoch"]));
        return rows.map(({ seq, duplicate }) => ({
          cursor: this.#epochs.cursorAt(Number(seq)),
          duplicate: duplicate === true,
        }));
      } catch (error) {
        if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      }
    }
  }
}
