import type { Appended, NewEntry } from "@tidings/log";
import type { KnownEpochs } from "@tidings/log/engine";
import type { Clock } from "@tidings/protocol/clock";
import type { Database, Row } from "./database.ts";
import { encodeEntries } from "./encoded-entries.ts";
import { reportedEnd } from "./ended-channel.ts";
import { conflictError } from "./expected-value.ts";
import { appendError, isBadEntry, isRetryable } from "./postgres-error.ts";

/** A batch that waits for the next statement. */
interface Job {
  readonly batch: readonly NewEntry[];
  /** The same, each as JSON. */
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
  readonly #epochs: KnownEpochs;
  #jobs: Job[] = [];
  #flushing: Promise<void> | null = null;

  constructor(database: Database, epochs: KnownEpochs, options: LogWriterOptions) {
    this.#database = database;
    this.#epochs = epochs;
    this.#options = options;
  }

  /**
   * @throws EndedError if the channel of an entry has ended
   * @throws ConflictError if a value does not stand where an entry expects it
   * @throws AppendError if the entries cannot be stored in time
   */
  async append(given: readonly NewEntry[]): Promise<readonly Appended[]> {
    // The caller's objects may change until the server has answered.
    const batch = given.map((entry) => ({ ...entry }));
    const entries = encodeEntries(batch, this.#options.now());
    if (entries.length === 0) return [];
    return new Promise((resolve, reject) => {
      this.#jobs.push({ batch, entries, resolve, reject });
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
      else for (const { reject } of jobs) reject(reportedEnd(error) ?? appendError(error));
    }
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const rows = await this.#store(encodeJobs(jobs));
    let next = 0;
    for (const job of jobs) {
      this.#settle(job, rows.slice(next, next + job.entries.length));
      next += job.entries.length;
    }
    this.#options.onCommit();
  }

  #settle({ batch, resolve, reject }: Job, rows: readonly Row[]): void {
    const conflict = rows[0]?.["conflict"] ?? null;
    if (conflict !== null) return reject(conflictError(batch, Number(conflict), String(rows[0]?.["found_id"])));
    resolve(
      rows.map(({ seq, duplicate }) => ({
        cursor: this.#epochs.cursorAt(Number(seq)),
        duplicate: duplicate === true,
      })),
    );
  }

  async #store(batches: string): Promise<readonly Row[]> {
    const { patience } = this.#options;
    const text = `select * from ${this.#database.schema}.append($1, $2)`;
    for (let attempt = 1; ; attempt++) {
      try {
        const rows = await this.#database.query(text, [batches, patience]);
        await this.#epochs.know(String(rows[0]?.["epoch"]));
        return rows;
      } catch (error) {
        if (attempt === ATTEMPTS || !isRetryable(error)) throw error;
      }
    }
  }
}

/**
 * The batches as the function `append` of the schema takes them. Neighbours without conditions are one: it costs less.
 */
function encodeJobs(jobs: readonly Job[]): string {
  const groups: { readonly conditional: boolean; readonly jobs: Job[] }[] = [];
  for (const job of jobs) {
    const conditional = job.batch.some(({ expects }) => expects !== undefined);
    const last = groups.at(-1);
    if (last === undefined || conditional || last.conditional) groups.push({ conditional, jobs: [job] });
    else last.jobs.push(job);
  }
  const batches = groups.map((group) => {
    const entries = group.jobs.flatMap((job) => job.entries);
    return `{"conditional":${group.conditional},"entries":[${entries.join(",")}]}`;
  });
  return `[${batches.join(",")}]`;
}
