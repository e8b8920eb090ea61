import { ConflictError, EndedError, VOLATILE_AGE, type Appended, type NewEntry } from "@tidings/log";
import { parseCursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { Database } from "./database.ts";
import { encodeBatch } from "./encoded-batches.ts";
import type { Epochs } from "./epochs.ts";
import { appendError, FewReplicasError } from "./redis-error.ts";
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
 * What the script answers for a batch: 0 with the `seq` of each entry, each with 1 for a duplicate. Or why it is
 * refused (1: conflict, 2: end), with the number of the entry, and the id of the value or end that is there.
 */
type Outcome = readonly [0, ...number[]] | readonly [1 | 2, number, string];

/** The most entries and characters of one script: the server does nothing else meanwhile. A batch may have more. */
const MAX_ENTRIES = 500;
const MAX_CHARACTERS = 1_000_000;

/** Options of {@link LogWriter}. */
export interface LogWriterOptions {
  /** Milliseconds since 1970; empty for the clock of the server. */
  readonly now: () => number | "";
  readonly clock: Clock;
  /** The script that appends. */
  readonly script: Script;
  /** Names an epoch. */
  readonly newEpoch: () => string;
  /** How many replicas have to confirm an append. */
  readonly replicas: number;
  /** The milliseconds that they may take. */
  readonly patience: number;
  /** Called after every append. */
  readonly onAppend: () => void;
}

/** Appends. All appends of one turn of the event loop are one script. */
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
    const { script, now, newEpoch } = this.#options;
    try {
      const batches = `[${jobs.map(({ encoded }) => encoded).join(",")}]`;
      // The script answers in this way.
      const [epoch, outcomes] = (await this.#database.write(script, [batches, now(), newEpoch()])) as [
        string,
        readonly Outcome[],
      ];
      await this.#waitForReplicas();
      await this.#epochs.know(epoch);
      for (const [index, job] of jobs.entries()) this.#settle(job, outcomes[index] ?? [0]);
      this.#options.onAppend();
    } catch (error) {
      for (const { reject } of jobs) reject(appendError(error));
    }
  }

  /** @throws FewReplicasError if too few confirm what was appended. It is stored on the primary. */
  async #waitForReplicas(): Promise<void> {
    const { replicas, patience } = this.#options;
    if (replicas === 0) return;
    const confirmed = await this.#database.waitForReplicas(replicas, Math.floor(patience / 2));
    if (confirmed < replicas) throw new FewReplicasError(replicas, confirmed);
  }

  #settle({ batch, resolve, reject }: Job, outcome: Outcome): void {
    if (outcome[0] !== 0) return reject(refusal(batch, outcome[0], outcome[1], outcome[2]));
    resolve(
      batch.map((_, index) => ({
        cursor: this.#epochs.cursorAt(Number(outcome[1 + 2 * index])),
        duplicate: outcome[2 + 2 * index] === 1,
      })),
    );
  }
}

/** The error of a batch that is refused. @param number that of the entry, from 1 on */
function refusal(batch: readonly NewEntry[], reason: 1 | 2, number: number, id: string): Error {
  const entry = batch[number - 1];
  if (entry === undefined) return new Error(`Expected the number of one of ${batch.length} entries, got ${number}.`);
  const cursor = parseCursor(id);
  return reason === 1 ? new ConflictError(entry, cursor) : new EndedError(entry.channel, cursor);
}
