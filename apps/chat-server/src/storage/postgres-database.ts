import pg from "pg";
import { WriteRefused, type Patience } from "../write-queue.ts";
import { StorageAway, type Database, type Queryable } from "./database.ts";
import { isAway } from "./postgres-error.ts";
import { migrate, SCHEMA } from "./postgres-tables.ts";

/** The lock that a transaction of the chat holds, so that one runs after the other over all servers. Any number. */
const LOCK = 7_461_963;
/** The most connections of one server to the tables. */
const CONNECTIONS = 8;
/** Milliseconds until an attempt to connect fails. */
const CONNECT_TIMEOUT = 2_000;
/** Milliseconds until a statement without an answer fails: longer than a transaction waits for its turn. */
const ANSWER_TIMEOUT = 8_000;

/** Numbers of 64 bits are times and counts: all of them are safe integers. */
const TYPES = new pg.TypeOverrides();
TYPES.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * What holds for each connection. A server of the chat that hangs in a transaction would hold up all others: the
 * database ends such a transaction.
 */
const SESSION = [`search_path=${SCHEMA}`, "idle_in_transaction_session_timeout=10s"];

/**
 * Opens the tables in the schema `chat` of a database, and creates or upgrades them.
 *
 * @throws Error if the database cannot be reached, or was written by a newer version of the chat
 */
export async function openPostgresDatabase(url: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    query_timeout: ANSWER_TIMEOUT,
    application_name: "tidings chat",
    options: SESSION.map((setting) => `-c ${setting}`).join(" "),
    types: TYPES,
  });
  // Without a listener, the error of a connection that is idle, or between two statements of a transaction, ends the
  // process. The pool closes such a connection, and the next statement fails.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  try {
    await onOneConnection(pool, (client) => migrate(client, LOCK));
  } catch (cause) {
    await pool.end();
    const reason = reasonOf(cause);
    const advice = "check the URL, that the server runs, and that the user may create a schema";
    throw new Error(`the tables in PostgreSQL cannot be opened (${reason}); ${advice}.`, { cause });
  }
  return {
    ...queryableOn(pool),
    isolated: true,
    transaction: (patience, work) =>
      onOneConnection(pool, async (client) => {
        await begin(client, patience);
        // An error closes the connection, and that rolls back.
        const result = await work(queryableOn(client));
        await client.query("commit");
        return result;
      }),
    close: () => pool.end(),
  };
}

async function begin(client: pg.ClientBase, { deadline, signal }: Patience): Promise<void> {
  const remaining = Math.max(1, Math.round(deadline - performance.now()));
  const waiting = new AbortController();
  const closing = new Promise<never>((_resolve, reject) => {
    const refuse = (): void => reject(new WriteRefused("The server is about to close; try again in a moment."));
    if (signal.aborted) refuse();
    signal.addEventListener("abort", refuse, { signal: waiting.signal });
  });
  // One message, and so one way to the database and back. After it has waited for the lock, each statement sees what
  // the transactions before it have committed.
  const begun = client.query(`
    begin isolation level read committed;
    set local lock_timeout = ${remaining};
    select pg_advisory_xact_lock(${LOCK})`);
  try {
    await Promise.race([begun, closing]);
  } finally {
    waiting.abort();
  }
}

/** Runs the work on one connection. After an error, the connection is closed. */
async function onOneConnection<Result>(
  pool: pg.Pool,
  work: (client: pg.ClientBase) => Promise<Result>,
): Promise<Result> {
  let client;
  try {
    client = await pool.connect();
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    client?.release(true);
    throw explained(error);
  }
}

function queryableOn(connection: pg.Pool | pg.ClientBase): Queryable {
  const query = async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<Row[]> => {
    try {
      const { rows } = await connection.query<Row>(
        numbered(sql),
        values.map((value) => (typeof value === "string" ? withoutNul(value) : value)),
      );
      return rows;
    } catch (error) {
      throw explained(error);
    }
  };
  return {
    // Safe: see `Queryable`; the caller states the type of the rows.
    all: async <Row>(sql: string, ...values: readonly unknown[]) => (await query(sql, values)) as Row[],
    get: async <Row>(sql: string, ...values: readonly unknown[]) => (await query(sql, values))[0] as Row | undefined,
    async run(sql, ...values) {
      await query(sql, values);
    },
  };
}

function explained(error: unknown): unknown {
  if (error instanceof StorageAway) return error;
  if (isAway(error)) return new StorageAway(error);
  const isLocked = error instanceof pg.DatabaseError && error.code === "55P03";
  return isLocked ? new WriteRefused("Other servers write; try again in a moment.", { cause: error }) : error;
}

function reasonOf(error: unknown): string {
  if (error instanceof StorageAway) return reasonOf(error.cause);
  // Of several attempts to connect, only the code says why they failed.
  return error instanceof Error ? error.message || String(Reflect.get(error, "code")) : String(error);
}

/** The statement as PostgreSQL wants it: `$1`, `$2` and so on instead of `?`. No statement has a `?` elsewhere. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll("?", () => `$${++count}`);
}

/**
 * PostgreSQL stores no NUL, which an idempotency key and a path may have. Other texts stay what they are, and different
 * ones stay different. Nothing that is read again has such a character: texts of messages are stored as JSON.
 */
function withoutNul(text: string): string {
  return text.replaceAll("\u0001", "\u0001\u0001").replaceAll("\0", "\u0001n");
}
