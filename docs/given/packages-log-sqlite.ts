export { sqliteLog } from "@tidings/log-sqlite";
export { chat, roomId, text } from "./guides-postgres.ts";
