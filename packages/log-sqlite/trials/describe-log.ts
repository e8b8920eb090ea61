import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventLog } from "@tidings/log";
import { describeEventLog } from "@tidings/log/conformance";
import { wrapLog } from "@tidings/log/engine";
import { afterAll } from "vitest";
import { sqliteLog, startEpoch, type SqliteLogOptions } from "../src/sqlite-log.ts";

type Open = (path: string, options: SqliteLogOptions) => EventLog;

/** A log that is read by another handle than the one that writes: that handle has no newest entries of its own. */
export const openWithReader: Open = (path, options) => {
  const log = sqliteLog(path, options);
  const reader = sqliteLog(path, options);
  return wrapLog(log, {
    read: (...asked) => reader.read(...asked),
    close: async () => void (await Promise.all([reader.close(), log.close()])),
  });
};

/**
 * All laws of a log, each in a new file.
 *
 * @param runs how many random histories each property has
 * @param openLog opens a handle
 */
export function describeSqliteLog(runs: number, openLog: Open = sqliteLog): void {
  const folder = mkdtempSync(join(tmpdir(), "tidings-sqlite-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;

  describeEventLog(
    "sqliteLog",
    async (options) => {
      const path = join(folder, `${++files}.db`);
      const open = async () => openLog(path, options);
      return {
        log: await open(),
        another: open,
        reopen: open,
        async loseSuffix(append) {
          copyFile(path, `${path}.backup`);
          await append();
          for (const each of filesOf(path)) rmSync(each, { force: true });
          copyFile(`${path}.backup`, path);
          startEpoch(path);
        },
      };
    },
    {
      survivesReopen: true,
      heedsClock: true,
      runs,
      lacks: {
        cutDoorbell: "it polls the file, and has no connection",
        restart: "its storage is a file, not a server",
        skewed: "all its processes are on one machine, with one clock",
      },
    },
  );
}

/** A database consists of these. */
const filesOf = (path: string): string[] => [path, `${path}-wal`];

/** Copies a database that nobody writes to at this moment. */
function copyFile(from: string, to: string): void {
  const targets = filesOf(to);
  for (const [index, each] of filesOf(from).entries()) cpSync(each, targets[index] ?? to);
}
