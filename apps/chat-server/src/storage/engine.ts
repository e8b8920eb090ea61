import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import type { Database } from "./database.ts";
import { inTransactions, type ChatLog } from "./log-in-transactions.ts";
import type { LogSetting } from "./log-setting.ts";
import { openOutbox } from "./outbox.ts";
import { openSqliteDatabase } from "./sqlite-database.ts";

/**
 * Milliseconds that an event outside of a transaction (who is online, who is typing) waits while another process
 * writes. Such an event is published again soon. A server that closes waits as long.
 */
const LOG_PATIENCE = 2_000;

/** The tables, and the log that appends inside of their transactions. */
export interface Engine {
  readonly database: Database;
  readonly log: ChatLog;
  /**
   * Called after each commit. Resolves when readers can get the events of the transaction.
   * @throws AppendError if they cannot yet. They come later, also after a restart
   */
  onCommitted(): Promise<void>;
  /** Closes what is neither the database nor the log. Both of them are still open. */
  close(): Promise<void>;
}

/** How each kind of setting is opened. Everything else in the chat is the same for all kinds. */
const OPENERS: { [Kind in LogSetting["kind"]]: (setting: LogSetting & { kind: Kind }) => Promise<Engine> } = {
  memory: async () => withOutbox(openSqliteDatabase(":memory:"), async () => memoryLog()),

  async sqlite({ path }) {
    const database = openSqliteDatabase(path);
    const log = sqliteLog(path, { patience: LOG_PATIENCE });
    // There is one handle that writes, and the transaction is open on it.
    return withoutOutbox(
      database,
      inTransactions(log, (_tx, batch) => log.appendIn(database.writer, batch)),
    );
  },

  // Only where they are used, PostgreSQL and Redis are loaded.
  async postgres({ url }) {
    const { postgresLog } = await import("@tidings/log-postgres");
    const { openPostgresDatabase } = await import("./postgres-database.ts");
    const database = await openPostgresDatabase(url);
    const log = await orClose(database, postgresLog(url, { patience: LOG_PATIENCE }));
    return withoutOutbox(
      database,
      inTransactions(log, (tx, batch) => log.appendIn((text, values) => tx.run(text, ...values), batch)),
    );
  },

  async redis({ url, path }) {
    const { redisLog } = await import("@tidings/log-redis");
    return withOutbox(openSqliteDatabase(path), () => redisLog(url, { patience: LOG_PATIENCE }));
  },
};

/** @throws Error that says what cannot be opened */
export function openEngine<Kind extends LogSetting["kind"]>(setting: LogSetting & { kind: Kind }): Promise<Engine> {
  return OPENERS[setting.kind](setting);
}

/** The log takes part in the transactions of the database. */
function withoutOutbox(database: Database, log: ChatLog): Engine {
  return { database, log, onCommitted: async () => {}, close: async () => {} };
}

/** The log is elsewhere: the events of a transaction are rows first. */
async function withOutbox(database: Database, openLog: () => Promise<EventLog>): Promise<Engine> {
  const log = await orClose(database, openLog());
  const outbox = openOutbox(database, log);
  return {
    database,
    log: inTransactions(log, (tx, batch) => outbox.add(tx, batch)),
    onCommitted: () => outbox.flush(),
    close: () => outbox.close(),
  };
}

async function orClose<Result>(database: Database, opening: Promise<Result>): Promise<Result> {
  try {
    return await opening;
  } catch (cause) {
    await database.close();
    throw cause;
  }
}
