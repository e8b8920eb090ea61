import { join } from "node:path";
import { sqliteLog } from "@tidings/log-sqlite";
import { freshFolder } from "../fresh-folder.ts";

/** Where a test may put a log; its folder is gone when the test has finished. */
export const freshFile = async (): Promise<string> => join(await freshFolder(), "log.db");

/** The `text` of every message that is in the file, in the order of the log. */
export async function storedTexts(path: string): Promise<string[]> {
  const log = sqliteLog(path);
  try {
    const { epoch } = await log.head();
    const { entries } = await log.read({ epoch, seq: 0 }, null, { entries: 1e9, bytes: 1e12 });
    return entries.map(({ data }) => (JSON.parse(data ?? "null") as { text: string }).text);
  } finally {
    await log.close();
  }
}
