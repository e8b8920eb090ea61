import pg from "pg";
import { checkConnection, type Connection, type ConnectionSettings } from "./connection.ts";
import { ClosedError, isAnswer, isUnanswered, NotConnectedError } from "./postgres-error.ts";
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

/** How often a statement is tried that conflicts with another transaction. */
export const CONFLICT_ATTEMPTS = 5;

/** How work is done on a connection. */
interface WorkOptions {
  /** The milliseconds until a statement without an answer fails. */
  readonly timeout: number;
  /** Whether the connection can be used again after an error. */
  readonly isUsableAfter: (error: unknown) => boolean;
}

/** The log's connections to its database. Appends have one of their own, which slow reads cannot take from them. */
export class Database implements Queryable {
  readonly name: string;
  /** The name of the schema in statements. */
  readonly schema: string;
  /** The milliseconds until a statement without an answer fails. */
  readonly timeout: number;
  readonly #settings: pg.PoolConfig;
  readonly #forAppends: pg.Pool;
  readonly #forOthers: pg.Pool;
  /** The connections that were made after the last statement without an answer. */
  #trusted = new WeakSet<pg.PoolClient>();
  /** Rejects each of those who wait for a connection. */
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

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
    const { max = CONNECTIONS } = given;
    this.#settings = {
      query_timeout: timeout,
      keepAlive: true,
      application_name: "tidings",
      ...given,
      // For the driver, 0 is no limit: a call would wait for ever for a server that does not answer.
      connectionTimeoutMillis: given.connectionTimeoutMillis || CONNECT_TIMEOUT,
    };
    this.#forAppends = this.#newPool(1);
    this.#forOthers = this.#newPool(Math.max(max - 1, 1));
  }

  #newPool(max: number): pg.Pool {
    const pool = new pg.Pool({ ...this.#settings, max });
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

  async query(text: string, values?: readonly Value[], timeout = this.timeout): Promise<readonly Row[]> {
    return this.#query(this.#forOthers, text, values, timeout);
  }

  /** The same for a statement that appends. One runs at a time. */
  async append(text: string, values: readonly Value[], timeout: number): Promise<readonly Row[]> {
    return this.#query(this.#forAppends, text, values, timeout);
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
    // It may have a transaction open.
    return this.#onConnectionOf(this.#forOthers, work, { timeout, isUsableAfter: () => false });
  }

  #query(pool: pg.Pool, text: string, values: readonly Value[] | undefined, timeout: number): Promise<readonly Row[]> {
    // After an answer, a connection is as it was, also after one that says no. A new one costs ten times an append.
    const options = { timeout, isUsableAfter: isAnswer };
    return this.#onConnectionOf(pool, (connection) => connection.query(text, values), options);
  }

  async #onConnectionOf<Result>(
    pool: pg.Pool,
    work: (connection: Queryable) => Promise<Result>,
    { timeout, isUsableAfter }: WorkOptions,
  ): Promise<Result> {
    const client = await this.#connect(pool);
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
      client.release(!isUsableAfter(error));
      // The server may be gone for every connection, and each would be noticed only when it is used.
      if (isUnanswered(error)) this.#trusted = new WeakSet();
      throw error;
    }
  }

  async #connect(pool: pg.Pool): Promise<pg.PoolClient> {
    for (;;) {
      const client = await this.#nextClient(pool);
      if (this.#trusted.has(client)) return client;
      client.release(true);
    }
  }

  /** A connection of a pool. A pool that ends forgets who waits for one. */
  #nextClient(pool: pg.Pool): Promise<pg.PoolClient> {
    if (this.#isClosed) return Promise.reject(new ClosedError());
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new ClosedError());
      this.#waiting.add(giveUp);
      const hand = (client: pg.PoolClient): void => {
        if (this.#waiting.delete(giveUp)) resolve(client);
        else client.release(true);
      };
      const refuse = (cause: unknown): void => {
        this.#waiting.delete(giveUp);
        reject(new NotConnectedError(cause));
      };
      pool.connect().then(hand, refuse);
    });
  }

  /** Makes a connection that is of no pool. */
  newClient(): pg.Client {
    return new pg.Client({ ...this.#settings });
  }

  /** Waits for the statements that run, and closes the connections. May be called once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const giveUp of this.#waiting) giveUp();
    this.#waiting.clear();
    await Promise.all([this.#forAppends.end(), this.#forOthers.end()]);
  }
}

/** Without the members that are undefined: the driver has other defaults than we do. */
function defined(settings: ConnectionSettings): ConnectionSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** Lets a connection be over when its last message is sent. The driver waits for the server, which may be gone. */
export function endWithoutAnswer({ connection: { stream } }: pg.Client): void {
  stream.once("finish", () => stream.destroy());
}
