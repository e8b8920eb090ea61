export { randomUUID } from "node:crypto";
export { postgresLog } from "@tidings/log-postgres";

interface Queries {
  run(sql: string, ...values: unknown[]): Promise<void>;
  all(sql: string): Promise<{ readonly position: number; readonly entry: string }[]>;
}
export declare const database: Queries & { transaction(work: (tx: Queries) => Promise<void>): Promise<void> };
