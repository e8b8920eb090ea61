import type { EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";

/** The `text` of every message in the file of a SQLite log, in the order of the log. */
export async function storedTexts(path: string): Promise<string[]> {
  return textsIn(sqliteLog(path));
}

/** The same of a log. It is closed then. */
export async function textsIn(log: EventLog): Promise<string[]> {
  try {
    const { epoch } = await log.head();
    const { entries } = await log.read({ epoch, seq: 0 }, null, { entries: 1e9, bytes: 1e12 });
    // Every entry is a message of the test contract, whose data has a text.
    return entries.map(({ data }) => (JSON.parse(data ?? "null") as { text: string }).text);
  } finally {
    await log.close();
  }
}
