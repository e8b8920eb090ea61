import type { EventLog, TransactionalLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import type { Queryable } from "./database.ts";

/** A log that appends inside the transactions of the chat's tables. */
export type ChatLog = TransactionalLog<Queryable>;

/** The log, with another way to append inside a transaction. */
export function inTransactions(log: EventLog, appendIn: ChatLog["appendIn"]): ChatLog {
  return { ...wrapLog(log, {}), appendIn };
}
