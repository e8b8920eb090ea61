import { formatRules, patternSource, type Keep, type KeepRules } from "@tidings/log";
import { encodeRules, toInteger } from "@tidings/log/engine";
import { CONFLICT_ATTEMPTS, LONG_TIMEOUT, type Database, type Queryable, type Row, type Value } from "./database.ts";
import { isCancelled, isRetryable, postgresError } from "./postgres-error.ts";

/**
 * The most rows that one step of retention counts, and that it deletes. The time of a step is about a tenth of a second
 * of the server. Smaller steps together take longer: each updates the counts of every channel that it touches.
 */
const STEP_ROWS = 20_000;
/** The smallest step. A server that has no time for that is an error. */
const LEAST_ROWS = 100;

/** What drops entries, in steps that are one statement each. */
export class Retention {
  readonly #database: Database;
  readonly #keep: readonly number[];
  readonly #now: () => number | null;
  /** A process that keeps less than the others has to look at every channel, once. */
  #isFirstStep = true;
  /** The rows of the next step. */
  #rows = STEP_ROWS;

  /** @param now milliseconds since 1970; null for the clock of the server */
  constructor(database: Database, { entries, age, bytes, emptyChannels }: Keep, now: () => number | null) {
    this.#database = database;
    this.#keep = [entries, age, bytes, emptyChannels].map(toInteger);
    this.#now = now;
  }

  async storeRules(rules: KeepRules): Promise<void> {
    const text = `select ${this.#database.schema}.set_rules($1, $2)`;
    await this.#change("store rules in", text, [formatRules(rules), encodeRules(rules, patternSource)]);
  }

  /** Runs until there is nothing more to drop, or the log is closed. */
  async runPass(closing: AbortSignal): Promise<void> {
    const text = `select ${this.#database.schema}.trim($1, $2, $3, $4, $5, $6, $7) as more`;
    for (let more = true; more && !closing.aborted;) {
      const row = await this.#runStep(text, closing);
      this.#isFirstStep = false;
      more = row?.["more"] === true;
    }
  }

  /** Runs a step, and smaller ones as long as the server cancels it: the role may have a `statement_timeout`. */
  async #runStep(text: string, closing: AbortSignal): Promise<Row | undefined> {
    for (;;) {
      try {
        const values = [...this.#keep, this.#now(), this.#isFirstStep, this.#rows];
        const row = await this.#change("trim", text, values, closing);
        this.#rows = Math.min(2 * this.#rows, STEP_ROWS);
        return row;
      } catch (error) {
        if (!isCancelled(error) || this.#rows <= LEAST_ROWS || closing.aborted) throw error;
        this.#rows = Math.max(Math.floor(this.#rows / 4), LEAST_ROWS);
      }
    }
  }

  /** Runs a statement that changes the log, again if it conflicts with another transaction. */
  async #change(what: string, text: string, values: readonly Value[], closing?: AbortSignal): Promise<Row | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        const [row] = await this.#database.onOneConnection(
          (client) => runCommitted(client, text, values),
          LONG_TIMEOUT,
        );
        return row;
      } catch (cause) {
        const isOfUse = isRetryable(cause) && attempt < CONFLICT_ATTEMPTS && closing?.aborted !== true;
        if (!isOfUse) throw postgresError(what, cause);
      }
    }
  }
}

/**
 * Runs a statement in a transaction of its own, which is read committed also where the default is another one. Above
 * that, retention conflicts with the appends and reads beside it. It began anew until there was a pause.
 */
async function runCommitted(client: Queryable, text: string, values: readonly Value[]): Promise<readonly Row[]> {
  await client.query("begin isolation level read committed", []);
  const rows = await client.query(text, values);
  await client.query("commit", []);
  return rows;
}
