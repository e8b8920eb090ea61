import pg from "pg";
import { checkConnection, type Connection, type ConnectionSettings } from "./connection.ts";
import { isUnanswered, NotConnectedError } from "./postgres-error.ts";
import { checkName, quoted } from "./schema-name.ts";

/** A row of a result, by column. */
export type Row = Readonly<Record<string, unknown>>;
/** A value that a statement binds. */
export type Value = string | number | boolean | null | readonly string[];

/** What runs statements. */
export interface Queryable {
  /**
   * Runs a statement without a name: behind a pooler, the next one may run on another connection. Without `values`, the
   * text may have several statements.
   */
  query(text: string, values?: readonly Value[]): Promise<readonly Row[]>;
}

/** The most connections of the log, without that of the doorbell. */
const CONNECTIONS = 4;
/** The milliseconds until an attempt to connect fails. */
const CONNECT_TIMEOUT = 4_000;
/** The milliseconds until a statement fails that does more than to read or to append. */
export const LONG_TIMEOUT = 24_000;

/** The log's connections to its database. */
export class Database implements Queryable {
  readonly name: string;
  /** The name of the schema in statements. */
  readonly schema: string;
  /** The milliseconds until a statement without an answer fails. */
  readonly timeout: number;
  readonly #settings: pg.PoolConfig;
  readonly #pool: pg.Pool;
  /** The connections that were made after the last statement without an answer. */
  #trusted = new WeakSet<pg.PoolClient>();

  /**
   * @param name the name of the schema
   * @param timeout the milliseconds until a statement without an answer fails
   * @throws TypeError if it is no name of a schema, or the connection neither a URL nor settings
   */
  constructor(connection: Connection, name: string, timeout: number) {
    checkConnection(connection);
    checkName(name);
    this.name = name;
    this.schema = quoted(name);
    this.timeout = timeout;
    const given = typeof connection === "string" ? { connectionString: connection } : defined(connection);
    this.#settings = {
      max: CONNECTIONS,
      query_timeout: timeout,
      keepAlive: true,
      application_name: "tidings",
      ...given,
      // For the driver, 0 is no limit: a call would wait for ever for a server that does not answer.
      connectionTimeoutMillis: given.connectionTimeoutMillis || CONNECT_TIMEOUT,
    };
    this.#pool = this.#newPool();
  }

  #newPool(): pg.Pool {
    const pool = new pg.Pool(this.#settings);
    // Without a listener, the error of an idle connection ends the process. The pool has already removed it.
    pool.on("error", () => {});
    pool.on("connect", (client) => {
      // So does the error of a connection in use, even before the pool has handed it on; its statement rejects, too.
      client.on("error", () => {});
      endWithoutAnswer(client);
      this.#trusted.add(client);
    });
    return pool;
  }

  async query(text: string, values?: readonly Value[], timeout?: number): Promise<readonly Row[]> {
    return this.onOneConnection((connection) => connection.query(text, values), timeout);
  }

  /**
   * Runs the work on one connection.
   *
   * @param timeout the milliseconds until a statement without an answer fails
   * @throws NotConnectedError if there is none, and nothing was sent
   */
  async onOneConnection<Result>(
    work: (connection: Queryable) => Promise<Result>,
    timeout = this.timeout,
  ): Promise<Result> {
    const client = await this.#connect();
    // Several statements without values have several results, which nobody needs.
    const query = async (text: string, values?: readonly Value[]): Promise<readonly Row[]> => {
      const statement = { text, values: values === undefined ? undefined : [...values], query_timeout: timeout };
      return (await client.query<Row>(statement)).rows;
    };
    try {
      const result = await work({ query });
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      // The server may be gone for every connection, and each would be noticed only when it is used.
      if (isUnanswered(error)) this.#trusted = new WeakSet();
      throw error;
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await connect(this.#pool);
      if (this.#trusted.has(client)) return client;
      client.release(true);
    }
  }

  /** Makes a connection that is not of the pool. */
  newClient(): pg.Client {
    return new pg.Client({ ...this.#settings });
  }

  /** Waits for the statements that run, and closes the connections. May be called once. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** Without the members that are undefined: the driver has other defaults than we do. */
function defined(settings: ConnectionSettings): ConnectionSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new NotConnectedError(cause);
  }
}

/** Lets a connection be over when its last message is sent. The driver waits for the server, which may be gone. */
export function endWithoutAnswer({ connection: { stream } }: pg.Client): void {
  stream.once("finish", () => stream.destroy());
}
