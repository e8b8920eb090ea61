import { ConflictError, EndedError, VOLATILE_AGE, type Appended, type NewEntry } from "@tidings/log";
import { AppendQueue, type PendingAppend, type PendingHeads } from "@tidings/log/engine";
import { parseCursor, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { Database } from "./database.ts";
import { encodeBatch } from "./encoded-batches.ts";
import { appendError, NotConnectedError } from "./redis-error.ts";
import type { Script } from "./scripts/script.ts";

/** A batch as JSON. */
type Job = PendingAppend<string>;

/**
 * What the script answers for a batch: 0 with the id of each entry, each with 1 for a duplicate. Or why it is
 * refused (1: conflict, 2: end), with the number of the entry, and the id of the value or end that is there.
 */
type Outcome = readonly [0, ...(string | number)[]] | Refusal;
type Refusal = readonly [reason: 1 | 2, number: number, id: string];

/** The entries and the characters of a full script: the server does nothing else meanwhile. */
const MAX_ENTRIES = 500;
const MAX_CHARACTERS = 1_000_000;

function shareOf({ batch, encoded }: Job): number {
  return batch.length / MAX_ENTRIES + encoded.length / MAX_CHARACTERS;
}

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
  /** What is appended now has to be behind their answers. */
  readonly heads: Pick<PendingHeads, "answered">;
  /** Called after every append. */
  readonly onAppend: () => void;
}

/** Appends. All appends of one turn of the event loop are one script. */
export class LogWriter {
  readonly #database: Database;
  readonly #options: LogWriterOptions;
  readonly #queue: AppendQueue<string>;

  constructor(database: Database, options: LogWriterOptions) {
    const { clock, heads } = options;
    this.#database = database;
    this.#options = options;
    this.#queue = new AppendQueue({
      clock,
      heads,
      shareOf,
      encode: (batch) => encodeBatch(batch, VOLATILE_AGE),
      store: (jobs) => this.#store(jobs),
    });
  }

  /**
   * @throws EndedError if the channel of an entry has ended
   * @throws ConflictError if a value does not stand where an entry expects it
   * @throws AppendError if the entries cannot be stored
   */
  append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    return this.#queue.append(batch);
  }

  /** Waits for the appends that were requested before. */
  finish(): Promise<void> {
    return this.#queue.finish();
  }

  async #store(jobs: readonly Job[]): Promise<Error | null> {
    const { script, now, newEpoch, replicas, clock, patience } = this.#options;
    const start = clock.monotonic();
    const batches = `[${jobs.map(({ encoded }) => encoded).join(",")}]`;
    try {
      const answer = await this.#database.writeOnReplicas(script, [batches, now(), newEpoch()], replicas);
      // The script answers in this way.
      for (const [index, outcome] of (answer as readonly Outcome[]).entries()) this.#settle(jobs[index], outcome);
      this.#options.onAppend();
      return null;
    } catch (error) {
      for (const { reject } of jobs) reject(appendError(error));
      // What waits behind an append that was given up would wait as long again. Nothing of it was sent.
      return clock.monotonic() - start > patience / 2 ? appendError(new NotConnectedError(error)) : null;
    }
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
