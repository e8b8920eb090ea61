import { ConflictError, EndedError, VOLATILE_AGE, type Appended, type NewEntry } from "@tidings/log";
import { parseCursor, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { Database } from "./database.ts";
import { encodeBatch } from "./encoded-batches.ts";
import { appendError, NotConnectedError } from "./redis-error.ts";
import type { Script } from "./scripts/script.ts";

/** A batch that waits for the next script. */
interface Job {
  readonly batch: readonly NewEntry[];
  /** The same as JSON. */
  readonly encoded: string;
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What the script answers for a batch: 0 with the id of each entry, each with 1 for a duplicate. Or why it is
 * refused (1: conflict, 2: end), with the number of the entry, and the id of the value or end that is there.
 */
type Outcome = readonly [0, ...(string | number)[]] | Refusal;
type Refusal = readonly [reason: 1 | 2, number: number, id: string];

/** The most entries and characters of one script: the server does nothing else meanwhile. A batch may have more. */
const MAX_ENTRIES = 500;
const MAX_CHARACTERS = 1_000_000;

/** Options of {@link LogWriter}. */
export interface LogWriterOptions {
  /** Milliseconds since 1970; empty for the clock of the server. */
  readonly now: () => number | "";
  readonly clock: Clock;
  /** The milliseconds after which a script without an answer is given up. */
  readonly patience: number;
  /** The script that appends. */
  readonly script: Script;
  /** Names an epoch. */
  readonly newEpoch: () => string;
  /** How many replicas have to confirm an append. */
  readonly replicas: number;
  /** Called after every append. */
  readonly onAppend: () => void;
}

/** Appends. All appends of one turn of the event loop are one script. */
export class LogWriter {
  readonly #database: Database;
  readonly #options: LogWriterOptions;
  #jobs: Job[] = [];
  #flushing: Promise<void> | null = null;

  constructor(database: Database, options: LogWriterOptions) {
    this.#database = database;
    this.#options = options;
  }

  /**
   * @throws EndedError if the channel of an entry has ended
   * @throws ConflictError if a value does not stand where an entry expects it
   * @throws AppendError if the entries cannot be stored
   */
  async append(given: readonly NewEntry[]): Promise<readonly Appended[]> {
    // The caller's objects may change until the server has answered.
    const batch = given.map((entry) => ({ ...entry }));
    if (batch.length === 0) return [];
    const encoded = encodeBatch(batch, VOLATILE_AGE);
    return new Promise((resolve, reject) => {
      this.#jobs.push({ batch, encoded, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Waits for the appends that were requested before. */
  async finish(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    await new Promise<void>((resolve) => this.#options.clock.defer(resolve));
    while (this.#jobs.length > 0) await this.#store(this.#nextGroup());
    this.#flushing = null;
  }

  /** Takes the oldest jobs, as many as one script may have. */
  #nextGroup(): Job[] {
    let entries = 0;
    let characters = 0;
    const end = this.#jobs.findIndex((job, index) => {
      entries += job.batch.length;
      characters += job.encoded.length;
      return index > 0 && (entries > MAX_ENTRIES || characters > MAX_CHARACTERS);
    });
    return this.#jobs.splice(0, end === -1 ? this.#jobs.length : end);
  }

  async #store(jobs: readonly Job[]): Promise<void> {
    const { script, now, newEpoch, replicas } = this.#options;
    const start = this.#options.clock.monotonic();
    const batches = `[${jobs.map(({ encoded }) => encoded).join(",")}]`;
    try {
      const answer = await this.#database.writeOnReplicas(script, [batches, now(), newEpoch()], replicas);
      // The script answers in this way.
      for (const [index, outcome] of (answer as readonly Outcome[]).entries()) this.#settle(jobs[index], outcome);
      this.#options.onAppend();
    } catch (error) {
      for (const { reject } of jobs) reject(appendError(error));
      if (this.#options.clock.monotonic() - start > this.#options.patience / 2) this.#giveUpQueue(error);
    }
  }

  /** What waits behind an append that was given up would wait as long again. Nothing of it was sent. */
  #giveUpQueue(cause: unknown): void {
    const error = appendError(new NotConnectedError(cause));
    for (const { reject } of this.#jobs.splice(0)) reject(error);
  }

  #settle(job: Job | undefined, outcome: Outcome): void {
    if (job === undefined) return;
    const [refused, ...rest] = outcome;
    if (refused !== 0) return job.reject(refusal(job.batch, ...outcome));
    job.resolve(
      job.batch.map((_, index) => ({ cursor: cursorOf(rest[2 * index]), duplicate: rest[2 * index + 1] === 1 })),
    );
  }
}

/** The error of a batch that is refused. @param number that of the entry, from 1 on */
function refusal(batch: readonly NewEntry[], ...[reason, number, id]: Refusal): Error {
  const entry = batch[number - 1];
  if (entry === undefined) return new Error(`Expected the number of one of ${batch.length} entries, got ${number}.`);
  const cursor = parseCursor(id);
  return reason === 1 ? new ConflictError(entry, cursor) : new EndedError(entry.channel, cursor);
}

function cursorOf(id: string | number | undefined): Cursor {
  const cursor = parseCursor(String(id));
  if (cursor === null) throw new Error(`Expected the id of an entry, got ${String(id)}.`);
  return cursor;
}
