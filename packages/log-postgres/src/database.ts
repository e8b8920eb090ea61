import pg from "pg";
import type { Connection } from "./connection.ts";
import { NotConnectedError } from "./postgres-error.ts";
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

/** The log's connections to its database. */
export class Database implements Queryable {
  readonly name: string;
  /** The name of the schema in statements. */
  readonly schema: string;
  readonly #settings: pg.PoolConfig;
  readonly #pool: pg.Pool;

  /**
   * @param name the name of the schema
   * @param timeout the milliseconds until a statement without an answer fails
   * @throws TypeError if it is no name of a schema
   */
  constructor(connection: Connection, name: string, timeout: number) {
    checkName(name);
    this.name = name;
    this.schema = quoted(name);
    const given = typeof connection === "string" ? { connectionString: connection } : connection;
    this.#settings = {
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      query_timeout: timeout,
      keepAlive: true,
      application_name: "tidings",
      ...given,
    };
    this.#pool = new pg.Pool({ max: CONNECTIONS, ...this.#settings });
    // Without a listener, the error of an idle connection ends the process. The pool has already removed it.
    this.#pool.on("error", () => {});
    // So does the error of a connection in use, even before the pool has handed it on; its statement rejects, too.
    this.#pool.on("connect", (client) => void client.on("error", () => {}));
  }

  async query(text: string, values?: readonly Value[]): Promise<readonly Row[]> {
    return this.onOneConnection((connection) => connection.query(text, values));
  }

  /** Runs the work on one connection. @throws NotConnectedError if there is none, and nothing was sent */
  async onOneConnection<Result>(work: (connection: Queryable) => Promise<Result>): Promise<Result> {
    const client = await this.#connect();
    // Several statements without values have several results, which nobody needs.
    const query = async (text: string, values?: readonly Value[]): Promise<readonly Row[]> =>
      (await client.query<Row>(text, values === undefined ? undefined : [...values])).rows;
    try {
      const result = await work({ query });
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (cause) {
      throw new NotConnectedError(cause);
    }
  }

  /** A connection that is not of the pool. It is not connected yet. */
  newClient(): pg.Client {
    return new pg.Client({ ...this.#settings });
  }

  /** Waits for the statements that run, and closes the connections. May be called once. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}
