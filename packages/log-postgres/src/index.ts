export type { Clock } from "@tidings/protocol/clock";
export type { Connection, ConnectionSettings } from "./connection.ts";
export { postgresLog } from "./postgres-log.ts";
export type { PostgresLogOptions } from "./postgres-log.ts";
export type { PostgresTransaction } from "./transaction-insert.ts";
