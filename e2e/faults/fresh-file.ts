import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteLog } from "@tidings/log-sqlite";
import { onTestFinished } from "vitest";

/** A folder of its own for one test, deleted after it. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-faults-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

export const freshFile = (): string => join(freshFolder(), "log.db");

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
