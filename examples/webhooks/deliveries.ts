import { openDatabase } from "./database.ts";

export interface Webhook {
  /** The same at each attempt: the receiver drops what it has already. */
  readonly id: string;
  readonly body: string;
}

export interface PutAside extends Webhook {
  /** What the receiver did at the last attempt. */
  readonly reason: string;
}

/** Opens what the job knows: its position, how often it has tried what comes after it, and what was put aside. */
export function openDeliveries(path: string) {
  const database = openDatabase(path);
  database.exec(`
    pragma busy_timeout = 5000;
    pragma journal_mode = wal;
    create table if not exists position (
      id integer primary key check (id = 1), cursor text, attempts integer not null, refusals integer not null
    );
    create table if not exists aside (id text primary key, body text not null, reason text not null);
    insert or ignore into position values (1, null, 0, 0);
  `);
  const moveTo = (cursor: string): void => {
    database.prepare("update position set cursor = ?, attempts = 0, refusals = 0").run(cursor);
  };
  const countUp = (column: "attempts" | "refusals"): number =>
    Number(database.prepare(`update position set ${column} = ${column} + 1 returning ${column}`).get()?.[column]);
  return {
    database,
    /** Null before the first order: the job then begins with the oldest one that the log has. */
    readCursor: () => (database.prepare("select cursor from position").get()?.["cursor"] ?? null) as string | null,
    /** Call it before an attempt. The next process goes on with this number. */
    countAttempt: () => countUp("attempts"),
    /** Call it after an attempt that the receiver has refused. */
    countRefusal: () => countUp("refusals"),
    moveTo,
    /** Both or neither. */
    putAside({ id, body, reason }: PutAside, cursor: string): void {
      database.exec("begin immediate");
      try {
        database.prepare("insert or replace into aside values (?, ?, ?)").run(id, body, reason);
        moveTo(cursor);
        database.exec("commit");
      } catch (error) {
        database.exec("rollback");
        throw error;
      }
    },
    /** The oldest first. */
    readAside: (): PutAside[] =>
      database
        .prepare("select id, body, reason from aside order by rowid")
        .all()
        .map(({ id, body, reason }) => ({ id: String(id), body: String(body), reason: String(reason) })),
    removeAside: (id: string) => void database.prepare("delete from aside where id = ?").run(id),
  };
}

export type Deliveries = ReturnType<typeof openDeliveries>;
