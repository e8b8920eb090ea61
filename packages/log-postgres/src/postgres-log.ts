import { checkRules, completeKeep, rulesOf } from "@tidings/log";
import type { Appended, Keep, KeepRules, Limit, LogStat, NewEntry, Page, TransactionalLog } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { checkOptions, checkRange, type CheckedType } from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import type { Connection } from "./connection.ts";
import { Database, toInteger, type Row, type Value } from "./database.ts";
import { Doorbell } from "./doorbell.ts";
import { knownEpochs } from "./epochs.ts";
import { LogReader } from "./log-reader.ts";
import { LogWriter } from "./log-writer.ts";
import { isRetryable, postgresError } from "./postgres-error.ts";
import { encodeRules } from "./encoded-rules.ts";
import { prepareSchema } from "./schema.ts";
import { insertIn, type PostgresTransaction } from "./transaction-insert.ts";

/** Options of {@link postgresLog}. */
export interface PostgresLogOptions {
  /** The schema of the log. Another schema is another log. At most 40 characters `a-z 0-9 _`. @default "tidings" */
  readonly schema?: string;
  /**
   * What retention keeps.
   *
   * @default { entries: 10_000, age: 604_800_000, bytes: 1_073_741_824, emptyChannels: 100_000 }
   */
  readonly keep?: Partial<Keep>;
  /**
   * The milliseconds that an append waits while another transaction holds the lock of the log, 1 to 600,000. Then it
   * rejects.
   * @default 10_000
   */
  readonly patience?: number;
  /** Milliseconds since 1970; the time of entries and of retention. @default the clock of the server */
  readonly now?: () => number;
  /** Times the turns of group commit, and the doorbell. @default systemClock */
  readonly clock?: Clock;
  /** Gets a sentence about what the log cannot do with this server. @default process.emitWarning */
  readonly onWarning?: (warning: string) => void;
}

/**
 * The most rows that one step of retention counts, and that it deletes. The time of a step is about a tenth of a second
 * of the server. Smaller steps together take longer: each updates the counts of every channel that it touches.
 */
const STEP_ROWS = 20_000;

/** A statement may take this much longer than an append may wait, in milliseconds. Then its connection is closed. */
const ANSWER_TIME = 20_000;

/**
 * Opens a log in PostgreSQL 13 or newer, and creates or upgrades its schema. Any number of servers may share it.
 *
 * @param connection a URL, or settings. If it is not behind a pooler of transactions, the log hears of events of other
 *   servers at once
 * @throws TypeError if `schema` is no name of a schema, for an unknown option, and for one of another type
 * @throws RangeError for a bound of `keep` that is not a number from 0 on
 * @throws Error if the server cannot be reached, if the role may not create the schema, or if a newer version of this
 *   package wrote it
 * @example
 * const hub = createHub(chat, { log: await postgresLog("postgres://…"), … });
 */
export async function postgresLog(
  connection: Connection,
  options: PostgresLogOptions = {},
): Promise<TransactionalLog<PostgresTransaction>> {
  checkOptions("the options of postgresLog", options, OPTION_TYPES);
  const { schema = "tidings", patience = 10_000, onWarning = warn } = options;
  const keep = completeKeep(options.keep, DEFAULT_KEEP);
  checkRange("patience", patience, 1, 600_000);
  const database = new Database(connection, schema, patience + ANSWER_TIME);
  try {
    await database.onOneConnection((client) => prepareSchema(client, schema));
    const [row] = await database.query(`select ${database.schema}.server() as name`, []);
    if (row?.["name"] === null) {
      onWarning(
        "the server does not say which timeline it is on, so a failover that loses events cannot be noticed. " +
          `After one, run: select ${schema}.begin_epoch()`,
      );
    }
  } catch (cause) {
    await database.close();
    throw postgresError("open", cause);
  }
  return new PostgresLog(database, { ...options, keep, patience, onWarning });
}

const DEFAULT_KEEP: Keep = { entries: 10_000, age: 7 * 86_400_000, bytes: 1024 ** 3, emptyChannels: 100_000 };

/** The type of each option. */
const OPTION_TYPES = {
  schema: "string",
  keep: "object",
  patience: "number",
  now: "function",
  clock: "object",
  onWarning: "function",
} as const satisfies Record<keyof PostgresLogOptions, CheckedType>;

function warn(warning: string): void {
  process.emitWarning(warning, "TidingsWarning");
}

class PostgresLog implements TransactionalLog<PostgresTransaction> {
  readonly #database: Database;
  readonly #keep: Keep;
  /** Milliseconds since 1970; null for the clock of the server. */
  readonly #now: () => number | null;
  readonly #clock: Clock;
  readonly #warn: (warning: string) => void;
  readonly #reader: LogReader;
  readonly #writer: LogWriter;
  readonly #watchers = new Set<() => void>();
  /** Null until somebody watches: a process that only publishes needs none. */
  #doorbell: Doorbell | null = null;
  /** The pass of retention that runs. */
  #trimming: Promise<void> | null = null;
  /** A process that keeps less than the others has to look at every channel, once. */
  #isFirstStep = true;
  #closing: Promise<void> | null = null;

  constructor(
    database: Database,
    options: PostgresLogOptions &
      Required<Pick<PostgresLogOptions, "patience" | "onWarning">> & { readonly keep: Keep },
  ) {
    const { keep, patience, now, clock = systemClock, onWarning } = options;
    this.#database = database;
    this.#keep = keep;
    this.#now = () => (now === undefined ? null : Math.floor(now()));
    this.#clock = clock;
    this.#warn = onWarning;
    const epochs = knownEpochs(database);
    const onCommit = () => this.#wakeWatchers();
    this.#reader = new LogReader(database, epochs, this.#now);
    this.#writer = new LogWriter(database, epochs, { now: this.#now, clock, patience, onCommit });
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    this.#refuseClosed();
    return this.#writer.append(batch);
  }

  async appendIn(transaction: PostgresTransaction, batch: readonly NewEntry[]): Promise<void> {
    this.#refuseClosed();
    return insertIn(transaction, this.#database.schema, batch, this.#now());
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    signal?.throwIfAborted();
    this.#refuseClosed();
    const page = await this.#reader.read(after, channels, limit);
    signal?.throwIfAborted();
    return page;
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    this.#refuseClosed();
    return this.#reader.recent(channels, n, before);
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    this.#refuseClosed();
    return this.#reader.current(channels, after, limit);
  }

  async head(): Promise<Cursor> {
    this.#refuseClosed();
    return this.#reader.head();
  }

  watch(wake: () => void): () => void {
    if (this.#closing !== null) return () => {};
    // Each call needs a function of its own: the same `wake` may watch twice, and one of the two watches may end.
    const watcher = () => wake();
    this.#watchers.add(watcher);
    const ring = () => this.#wakeWatchers();
    this.#doorbell ??= new Doorbell(this.#database, { clock: this.#clock, ring, warn: this.#warn });
    return () => this.#watchers.delete(watcher);
  }

  async setRules(given: KeepRules): Promise<void> {
    this.#refuseClosed();
    const rules = encodeRules(checkRules(given));
    await this.#change("store rules in", `select ${this.#database.schema}.set_rules($1, $2)`, rules);
  }

  async trim(): Promise<void> {
    if (this.#closing !== null) return;
    this.#trimming ??= this.#runPass().finally(() => {
      this.#trimming = null;
    });
    return this.#trimming;
  }

  async #runPass(): Promise<void> {
    const { entries, age, bytes, emptyChannels } = this.#keep;
    const keep = [entries, age, bytes, emptyChannels].map(toInteger);
    const text = `select ${this.#database.schema}.trim($1, $2, $3, $4, $5, $6, $7) as more`;
    for (let more = true; more && this.#closing === null;) {
      const row = await this.#change("trim", text, [...keep, this.#now(), this.#isFirstStep, STEP_ROWS]);
      this.#isFirstStep = false;
      more = row?.["more"] === true;
    }
  }

  /** Runs a statement that changes the log, again if it conflicts with another transaction. */
  async #change(what: string, text: string, values: readonly Value[]): Promise<Row | undefined> {
    for (;;) {
      try {
        const [row] = await this.#database.query(text, values);
        return row;
      } catch (cause) {
        if (!isRetryable(cause) || this.#closing !== null) throw postgresError(what, cause);
      }
    }
  }

  async stat(): Promise<LogStat> {
    this.#refuseClosed();
    const { rules, ...counted } = await this.#reader.stat();
    return { ...counted, keep: this.#keep, rules: rules ?? rulesOf(this.#keep) };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watchers.clear();
    await this.#doorbell?.close();
    await this.#writer.finish();
    await this.#database.close();
  }

  #refuseClosed(): void {
    if (this.#closing === null) return;
    throw new Error("Expected an open log, got one that was closed; read and publish before hub.close().");
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
