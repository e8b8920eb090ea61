import { createHash } from "node:crypto";
import { openSync, readFileSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { sqliteLog } from "@tidings/log-sqlite";
import { expect, test } from "vitest";
import { freshFile } from "./fresh-file.ts";
import { buildServedHub } from "./program.ts";
import { startHub } from "./server-process.ts";

const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** A file with a log of some pages, closed properly. */
async function writtenFile(): Promise<string> {
  const path = freshFile();
  const log = sqliteLog(path);
  const data = JSON.stringify({ text: "x".repeat(1_000) });
  await log.append(
    Array.from({ length: 200 }, () => ({ channel: "rooms/lobby", type: "message", mode: "reliable" as const, data })),
  );
  await log.close();
  return path;
}

test.for<[string, (path: string) => void, RegExp]>([
  ["is no database", (path) => writeFileSync(path, "notes of mine\n".repeat(1_000)), /file is not a database/],
  [
    "has lost its first page",
    (path) => writeSync(openSync(path, "r+"), "lost ".repeat(819), 0),
    /file is not a database/,
  ],
  ["has lost its second half", (path) => truncateSync(path, 64 * 1024), /malformed/],
  ["has a damaged table of tables", (path) => writeSync(openSync(path, "r+"), "lost ".repeat(700), 100), /malformed/],
])(
  "a hub whose file %s does not start, says so by the file's name, and leaves it as it is",
  async ([, damage, reason]) => {
    const path = await writtenFile();
    damage(path);
    const before = hash(path);
    const starting = startHub(await buildServedHub(), { path });
    await expect(starting).rejects.toThrow(reason);
    await expect(starting).rejects.toThrow(`Cannot open the log in "${path}"`);
    expect(hash(path)).toBe(before);
  },
);
