import { sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { CompiledQuery, type Kysely } from "kysely";
import type pg from "pg";
import type postgres from "postgres";
import { postgresLog } from "./postgres-log.ts";
import type { PostgresTransaction } from "./transaction-insert.ts";

// Transactions of the libraries fit without a cast. transaction-insert.test.ts runs them on a server.

declare function publishIn(transaction: PostgresTransaction): Promise<void>;

// pg: a client of its own, or one of a pool
declare const client: pg.Client;
declare const poolClient: pg.PoolClient;
void publishIn(client);
void publishIn(poolClient);

// postgres.js: a transaction, or a reserved connection
declare const transactionSql: postgres.TransactionSql;
declare const reservedSql: postgres.ReservedSql;
void publishIn(transactionSql);
void publishIn(reservedSql);

// drizzle
declare const drizzle: NodePgDatabase;
void drizzle.transaction((transaction) =>
  publishIn((text, [json]) => {
    const [before = "", after = ""] = text.split("$1");
    return transaction.execute(sql`${sql.raw(before)}${json}${sql.raw(after)}`);
  }),
);

// kysely
declare const kysely: Kysely<unknown>;
void kysely
  .transaction()
  .execute((transaction) => publishIn((text, values) => transaction.executeQuery(CompiledQuery.raw(text, values))));

// Prisma, as @prisma/client 7.10 declares it. The package itself is too large for one line.
interface PrismaPromise<Result> extends Promise<Result> {
  readonly [Symbol.toStringTag]: "PrismaPromise";
}
interface PrismaTransaction {
  $executeRawUnsafe(query: string, ...values: unknown[]): PrismaPromise<number>;
  $queryRawUnsafe<Result = unknown>(query: string, ...values: unknown[]): PrismaPromise<Result>;
}
declare const prisma: PrismaTransaction;
void publishIn(prisma);

// The settings of a pool are settings of the log.
declare const settings: pg.PoolConfig;
void postgresLog(settings);

// What cannot run a statement is refused.
// @ts-expect-error a transaction of kysely runs compiled queries only
void publishIn(kysely);
// @ts-expect-error a database of drizzle runs its own SQL only
void publishIn(drizzle);
// @ts-expect-error settings are no connection
void publishIn({ connectionString: "postgres://app@db/app" });
