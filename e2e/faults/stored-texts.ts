import { sqliteLog } from "@tidings/log-sqlite";

/** The `text` of every message in the file of a SQLite log, in the order of the log. */
export async function storedTexts(path: string): Promise<string[]> {
  const log = sqliteLog(path);
  try {
    const { epoch } = await log.head();
    const { entries } = await log.read({ epoch, seq: 0 }, null, { entries: 1e9, bytes: 1e12 });
    // Every entry is a message of the test contract, whose data has a text.
    return entries.map(({ data }) => (JSON.parse(data ?? "null") as { text: string }).text);
  } finally {
    await log.close();
  }
}
