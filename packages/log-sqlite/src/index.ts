export type { Clock } from "@tidings/protocol/clock";
export type { SqliteTransaction } from "./driver.ts";
export { sqliteLog, startEpoch } from "./sqlite-log.ts";
export type { SqliteLogOptions } from "./sqlite-log.ts";
