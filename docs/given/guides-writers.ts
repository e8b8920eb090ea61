import { channel, defineContract } from "@tidings/contract";
import type { PostgresTransaction } from "@tidings/log-postgres";
import type { Hub, TransactionalHub, Writer } from "@tidings/server";
import { z } from "zod";

/** The contract of the document, for the types below. */
const end = z.object({ outcome: z.enum(["done", "stopped", "aborted"]) });
export const ai = defineContract({ answer: channel("answers/:id", { word: z.object({ text: z.string() }) }, { end }) });

export { LeaseError } from "@tidings/server";
export declare const hub: Hub<typeof ai> & TransactionalHub<typeof ai, PostgresTransaction>;
export declare const writer: Writer<typeof ai, "answer">;
export declare const id: string;
export declare const text: string;
export declare const prompt: string;
export declare const generate: (prompt: string, signal: AbortSignal) => AsyncIterable<string>;
export declare const report: (error: unknown) => void;
export declare const db: { transaction(work: (transaction: PostgresTransaction) => Promise<void>): Promise<void> };
export declare const saveAnswer: (transaction: PostgresTransaction, id: string, text: string) => Promise<void>;
