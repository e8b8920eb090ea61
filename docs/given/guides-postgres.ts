import { channel, defineContract } from "@tidings/contract";
import type { PostgresTransaction } from "@tidings/log-postgres";
import type { Hub, TransactionalHub } from "@tidings/server";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Kysely } from "kysely";
import type { ClientBase } from "pg";
import type { Sql } from "postgres";
import { z } from "zod";

export const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
export declare const hub: Hub<typeof chat> & TransactionalHub<typeof chat, PostgresTransaction>;
export declare const roomId: string;
export declare const text: string;
export declare const client: ClientBase;
export declare const sql: Sql;
export declare const kysely: Kysely<unknown>;
export declare const drizzle: NodePgDatabase;

/** Prisma is not installed here: this is how its version 7.10 declares what the document uses. */
interface PrismaTransaction {
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
  $queryRawUnsafe<Result = unknown>(query: string, ...values: unknown[]): Promise<Result>;
  readonly message: { create(row: { data: { roomId: string; text: string } }): Promise<unknown> };
}
export declare const prisma: { $transaction(work: (transaction: PrismaTransaction) => Promise<void>): Promise<void> };
