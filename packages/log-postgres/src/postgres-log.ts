import { completeKeep, type Keep, type TransactionalLog } from "@tidings/log";
import { composeTransactionalLog, PendingHeads, Watchers } from "@tidings/log/engine";
import { checkMethods, checkOptions, checkRange, CLOCK_METHODS, type CheckedType } from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import type { Connection } from "./connection.ts";
import { Database, LONG_TIMEOUT } from "./database.ts";
import { createDoorbell } from "./doorbell.ts";
import { knownEpochs } from "./epochs.ts";
import { LogReader } from "./log-reader.ts";
import { LogWriter } from "./log-writer.ts";
import { postgresError } from "./postgres-error.ts";
import { Retention } from "./retention.ts";
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
   * @default 4_000
   */
  readonly patience?: number;
  /** Milliseconds since 1970; the time of entries and of retention. @default the clock of the server */
  readonly now?: () => number;
  /** Times the turns of group commit, and the doorbell. @default systemClock */
  readonly clock?: Clock;
  /** Gets a sentence about what the log cannot do with this server. @default process.emitWarning */
  readonly onWarning?: (warning: string) => void;
}

/** A statement may take this much longer than an append may wait, in milliseconds. Then the server counts as gone. */
const ANSWER_TIME = 6_000;

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
  const { schema = "tidings", patience = 4_000, clock = systemClock, onWarning = warn } = options;
  checkMethods("clock", clock, CLOCK_METHODS);
  const keep = completeKeep(options.keep, DEFAULT_KEEP);
  checkRange("patience", patience, 1, 600_000);
  const database = new Database(connection, schema, patience + ANSWER_TIME);
  try {
    await database.onOneConnection((client) => prepareSchema(client, schema), LONG_TIMEOUT);
    const asked = `select ${database.schema}.server() as name, pg_is_in_recovery() as is_standby`;
    const [row] = await database.query(asked, []);
    if (row?.["is_standby"] === true) {
      onWarning(
        "the server is a standby: until it is promoted, publishing fails, and new events are found by polling. " +
          "Use an address that leads to the primary",
      );
    } else if (row?.["name"] === null) {
      onWarning(
        "the server does not say which timeline it is on, so a failover that loses events cannot be noticed. " +
          `After one, run: select ${schema}.begin_epoch()`,
      );
    }
  } catch (cause) {
    await database.close();
    throw postgresError("open", cause);
  }
  return composePostgresLog(database, { ...options, keep, patience, onWarning });
}

const DEFAULT_KEEP: Keep = { entries: 10_000, age: 7 * 86_400_000, bytes: 1024 ** 3, emptyChannels: 100_000 };

/** The options, with those that {@link postgresLog} has checked. */
interface CompleteOptions extends Omit<PostgresLogOptions, "keep"> {
  readonly keep: Keep;
  readonly patience: number;
  readonly onWarning: (warning: string) => void;
}

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

function composePostgresLog(
  database: Database,
  { keep, patience, now, clock = systemClock, onWarning }: CompleteOptions,
): TransactionalLog<PostgresTransaction> {
  const { schema } = database;
  /** Milliseconds since 1970; null for the clock of the server. */
  const timeOf = (): number | null => (now === undefined ? null : Math.floor(now()));
  const watchers = new Watchers();
  const heads = new PendingHeads(clock);
  const writer = new LogWriter(database, {
    now: timeOf,
    clock,
    patience,
    heads,
    onCommit: () => watchers.wake(),
  });
  const reader = new LogReader(database, knownEpochs(database), timeOf);
  const retention = new Retention(database, keep, timeOf);
  return composeTransactionalLog<PostgresTransaction>(
    {
      keep,
      watchers,
      reader: {
        read: (...asked) => reader.read(...asked),
        recent: (...asked) => reader.recent(...asked),
        current: (...asked) => reader.current(...asked),
        head: () => heads.note(reader.head()),
        stat: () => reader.stat(),
      },
      append: (batch) => writer.append(batch),
      listen: () => createDoorbell(database, { clock, wake: () => watchers.wake(), warn: onWarning }),
      storeRules: (rules) => retention.storeRules(rules),
      trim: (closing) => retention.runPass(closing),
      async close() {
        await writer.finish();
        await database.close();
      },
    },
    (transaction, batch) => insertIn(transaction, batch, { schema, at: timeOf(), heads }),
  );
}
