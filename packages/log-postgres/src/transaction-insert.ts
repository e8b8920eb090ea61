import type { NewEntry } from "@tidings/log";
import type { PendingHeads } from "@tidings/log/engine";
import { typeNameOf } from "@tidings/protocol/checks";
import { reportedEnd } from "./ended-channel.ts";
import { encodeEntries } from "./encoded-entries.ts";
import { reportedConflict } from "./expected-value.ts";
import { insertError } from "./postgres-error.ts";

/** Runs a statement with its values inside a transaction. */
type RunStatement = (text: string, values: string[]) => PromiseLike<unknown>;

/**
 * A transaction of the application, in one of four forms: a client of pg, a transaction of postgres.js or of Prisma, or
 * a function that runs a statement inside the transaction, for every other library. It has to be begun.
 */
export type PostgresTransaction =
  | RunStatement
  | { query(text: string, values: string[]): PromiseLike<unknown> }
  | { unsafe(text: string, values: string[]): PromiseLike<unknown> }
  | { $executeRawUnsafe(text: string, ...values: string[]): PromiseLike<unknown> };

/** What an insert needs of the log. */
interface InsertOptions {
  /** The quoted name of the schema. */
  readonly schema: string;
  /** The time of the append, in milliseconds since 1970; null for that of the commit, by the server's clock. */
  readonly at: number | null;
  /** What is published now has to be behind their answers: the caller commits when the insert has resolved. */
  readonly heads: Pick<PendingHeads, "answered">;
}

/**
 * Publishes through a transaction of the application. The statement is handed to the transaction before the function
 * returns. It fails if the statement commits by itself, as on a pool.
 *
 * @throws TypeError for what is no transaction
 * @throws EndedError if the channel of an entry has ended. When it ends later, the commit fails
 * @throws ConflictError if a value does not stand where an entry expects it
 * @throws Error if the entries cannot be written. After these errors, the transaction can only roll back
 */
export async function insertIn(
  transaction: PostgresTransaction,
  batch: readonly NewEntry[],
  { schema, at, heads }: InsertOptions,
): Promise<void> {
  // The caller's objects may change until the server has answered.
  const copies = batch.map((entry) => ({ ...entry }));
  const entries = encodeEntries(copies, at);
  const run = runnerOf(transaction);
  if (entries.length === 0) return;
  try {
    const inserting = run(`select ${schema}.publish($1, true)`, [`[${entries.join(",")}]`]);
    await Promise.all([inserting, heads.answered()]);
  } catch (cause) {
    throw reportedEnd(cause) ?? reportedConflict(copies, cause) ?? insertError(cause);
  }
}

/** @throws TypeError for what cannot run a statement */
function runnerOf(transaction: PostgresTransaction): RunStatement {
  // A transaction of postgres.js is a function, too, but of a template.
  if (has(transaction, "unsafe")) return (text, values) => transaction.unsafe(text, values);
  if (has(transaction, "query")) return (text, values) => transaction.query(text, values);
  if (has(transaction, "$executeRawUnsafe")) return (text, values) => transaction.$executeRawUnsafe(text, ...values);
  if (typeof transaction === "function") return transaction;
  throw new TypeError(
    "Expected the transaction to be a client of pg, a transaction of postgres.js or Prisma, or a function " +
      `(text, values), got ${typeNameOf(transaction)}; for every other library, write such a function.`,
  );
}

/** Whether a transaction has a method. Plain JavaScript may pass anything, and `query` of drizzle is no method. */
function has<Name extends string>(
  transaction: PostgresTransaction,
  name: Name,
): transaction is Extract<PostgresTransaction, Record<Name, unknown>> {
  // Safe: whatever it is, its member is only looked at.
  return typeof (Object(transaction) as Record<string, unknown>)[name] === "function";
}
