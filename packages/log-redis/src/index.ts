export type { Clock } from "@tidings/protocol/clock";
export type { Connection, ConnectionSettings } from "./connection.ts";
export { redisLog } from "./redis-log.ts";
export type { RedisLogOptions } from "./redis-log.ts";
