import { randomUUID } from "node:crypto";
import { isEnded, type EventLog, type NewEntry } from "@tidings/log";
import type { Database, Queryable } from "./database.ts";

/** How many entries one append has. */
const BATCH = 100;
/** Milliseconds between two looks at what other processes have left in the outbox, and after an append that failed. */
const INTERVAL = 500;
/** Milliseconds that the removal of what was appended waits for other transactions. */
const PATIENCE = 5_000;

interface OutboxRow {
  readonly position: number;
  /** JSON of an entry. */
  readonly entry: string;
}

/** Moves entries from a table of the database to a log that cannot take part in the transactions of the database. */
export interface Outbox {
  /** Adds entries to the table, in the transaction. */
  add(tx: Queryable, batch: readonly NewEntry[]): Promise<void>;
  /**
   * Resolves when everything that is committed now is in the log.
   * @throws AppendError if an append fails. What is in the table is tried again, also after a restart
   */
  flush(): Promise<void>;
  /** Ends the attempts. What is in the table stays there. */
  close(): Promise<void>;
}

/**
 * Opens the outbox of a database. Each entry has an idempotency key of its own: a second append of it, after a
 * crash or beside another process, appends nothing.
 */
export function openOutbox(database: Database, log: Pick<EventLog, "append">): Outbox {
  const closing = new AbortController();
  const { signal } = closing;

  const isEmpty = async (): Promise<boolean> => (await database.get("select 1 from outbox limit 1")) === undefined;
  /** Reads in a transaction: in memory, a read outside of it sees what may be rolled back. */
  const replace = (appended: number): Promise<OutboxRow[]> =>
    database.transaction({ deadline: performance.now() + PATIENCE, signal }, async (tx) => {
      await tx.run("delete from outbox where position <= ?", appended);
      return tx.all<OutboxRow>("select position, entry from outbox order by position limit ?", BATCH);
    });
  /** Appends a batch. An entry whose address has ended meanwhile is left out: it must not hold up those after it. */
  const appendAll = async (batch: readonly NewEntry[]): Promise<void> => {
    try {
      await log.append(batch);
    } catch (error) {
      if (!isEnded(error)) throw error;
      if (batch.length > 1) for (const entry of batch) await appendAll([entry]);
    }
  };
  const relay = async (): Promise<void> => {
    for (let appended = 0; !signal.aborted && !(await isEmpty());) {
      const rows = await replace(appended);
      // Safe: `add` has written this JSON.
      await appendAll(rows.map(({ entry }) => JSON.parse(entry) as NewEntry));
      appended = rows.at(-1)?.position ?? appended;
    }
  };
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  /** The current relay may have read the table before the last commit. So all who come meanwhile share the next one. */
  const flush = (): Promise<void> =>
    (next ??= (async () => {
      await current.catch(() => {});
      next = null;
      await (current = relay());
    })());

  let hasFailed = false;
  /** What another process has left is nobody's request, so its first failure goes to the console. */
  const look = async (): Promise<void> => {
    try {
      await flush();
      hasFailed = false;
    } catch (error) {
      if (!hasFailed && !signal.aborted) console.error("The events in the outbox cannot be published yet.", error);
      hasFailed = true;
    }
  };
  const timer = setInterval(() => void look(), INTERVAL);
  void look();

  return {
    async add(tx, batch) {
      const insert = "insert into outbox (entry) values (?)";
      const inserts = batch.map((entry) => tx.run(insert, JSON.stringify({ idempotencyKey: randomUUID(), ...entry })));
      await Promise.all(inserts);
    },
    flush,
    async close() {
      clearInterval(timer);
      closing.abort();
      await (next ?? current).catch(() => {});
    },
  };
}
