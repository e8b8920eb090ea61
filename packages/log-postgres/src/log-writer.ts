import type { Appended, NewEntry } from "@tidings/log";
import { AppendQueue, type PendingAppend, type PendingHeads } from "@tidings/log/engine";
import type { Clock } from "@tidings/protocol/clock";
import { CONFLICT_ATTEMPTS, type Database, type Row } from "./database.ts";
import { encodeEntries } from "./encoded-entries.ts";
import { reportedEnd } from "./ended-channel.ts";
import { conflictError } from "./expected-value.ts";
import { appendError, isBadEntry, isRetryable, obstacleAfter } from "./postgres-error.ts";

/** A batch with its entries, each as JSON. */
type Job = PendingAppend<readonly string[]>;

/** The entries and the characters of a full statement. */
const MAX_ENTRIES = 1_000;
const MAX_CHARACTERS = 4_000_000;

function shareOf({ encoded }: Job): number {
  return encoded.length / MAX_ENTRIES + encoded.reduce((sum, { length }) => sum + length, 0) / MAX_CHARACTERS;
}

/** A statement may take so many milliseconds longer for each of its entries: some dozens of times what it takes. */
const TIME_PER_ENTRY = 2;

/** Options of {@link LogWriter}. */
export interface LogWriterOptions {
  /** Milliseconds since 1970; null for the clock of the server. */
  readonly now: () => number | null;
  readonly clock: Clock;
  /** How long an append waits for other transactions, in milliseconds. */
  readonly patience: number;
  /** What is appended now has to be behind their answers. */
  readonly heads: Pick<PendingHeads, "answered">;
  /** Called after every commit. */
  readonly onCommit: () => void;
}

/** Appends outside of any other transaction. All appends of one turn of the event loop are one statement. */
export class LogWriter {
  readonly #database: Database;
  readonly #options: LogWriterOptions;
  readonly #queue: AppendQueue<readonly string[]>;

  constructor(database: Database, options: LogWriterOptions) {
    const { clock, heads, now } = options;
    this.#database = database;
    this.#options = options;
    this.#queue = new AppendQueue<readonly string[]>({
      clock,
      heads,
      shareOf,
      encode: (batch) => encodeEntries(batch, now()),
      store: (jobs) => this.#store(jobs),
    });
  }

  /**
   * @throws EndedError if the channel of an entry has ended
   * @throws ConflictError if a value does not stand where an entry expects it
   * @throws AppendError if the entries cannot be stored in time
   */
  append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    return this.#queue.append(batch);
  }

  /** Waits for the appends that were requested before. */
  finish(): Promise<void> {
    return this.#queue.finish();
  }

  async #store(jobs: readonly Job[]): Promise<Error | null> {
    const obstacle = await this.#tryCommit(jobs);
    return obstacle && appendError(obstacle);
  }

  /** Returns what keeps other jobs from being stored now: each would wait as long in vain. Null if nothing does. */
  async #tryCommit(jobs: readonly Job[]): Promise<Error | null> {
    try {
      await this.#commit(jobs);
      return null;
    } catch (error) {
      // After other errors, each attempt would fail or wait like this one.
      if (jobs.length > 1 && isBadEntry(error)) return this.#tryHalves(jobs);
      rejectAll(jobs, error);
      return obstacleAfter(error);
    }
  }

  /** A bad entry must not make the others fail. It is found in fewer statements than there are jobs. */
  async #tryHalves(jobs: readonly Job[]): Promise<Error | null> {
    const middle = Math.ceil(jobs.length / 2);
    const [first, second] = [jobs.slice(0, middle), jobs.slice(middle)];
    const obstacle = await this.#tryCommit(first);
    if (obstacle === null) return this.#tryCommit(second);
    rejectAll(second, obstacle);
    return obstacle;
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const rows = await this.#run(jobs);
    let next = 0;
    for (const job of jobs) {
      settle(job, rows.slice(next, next + job.encoded.length));
      next += job.encoded.length;
    }
    this.#options.onCommit();
  }

  async #run(jobs: readonly Job[]): Promise<readonly Row[]> {
    const { patience } = this.#options;
    const batches = encodeJobs(jobs);
    const count = jobs.reduce((sum, { batch }) => sum + batch.length, 0);
    const timeout = this.#database.timeout + TIME_PER_ENTRY * count;
    const text = `select * from ${this.#database.schema}.append($1, $2)`;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#database.append(text, [batches, patience], timeout);
      } catch (error) {
        if (attempt === CONFLICT_ATTEMPTS || !isRetryable(error)) throw error;
      }
    }
  }
}

/** @param rows what the function `append` of the schema has answered for the entries of the job */
function settle({ batch, resolve, reject }: Job, rows: readonly Row[]): void {
  const conflict = rows[0]?.["conflict"] ?? null;
  if (conflict !== null) return reject(conflictError(batch, Number(conflict), String(rows[0]?.["found_id"])));
  resolve(
    rows.map(({ epoch, seq, duplicate }) => ({
      cursor: { epoch: String(epoch), seq: Number(seq) },
      duplicate: duplicate === true,
    })),
  );
}

function rejectAll(jobs: readonly Job[], cause: unknown): void {
  for (const { reject } of jobs) reject(reportedEnd(cause) ?? appendError(cause));
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
    const entries = group.jobs.flatMap(({ encoded }) => encoded);
    return `{"conditional":${group.conditional},"entries":[${entries.join(",")}]}`;
  });
  return `[${batches.join(",")}]`;
}
