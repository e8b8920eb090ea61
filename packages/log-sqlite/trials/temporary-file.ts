import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { EventLog, NewEntry } from "@tidings/log";
import { systemClock } from "@tidings/protocol/clock";
import { onTestFinished } from "vitest";
import { findDriver, type Handle } from "../src/driver.ts";
import { openLogFile, type LogFile } from "../src/log-file.ts";
import type { LogWriterOptions } from "../src/log-writer.ts";
import { prepareSchema, refuseNewer } from "../src/schema.ts";
import { sqliteLog, type SqliteLogOptions } from "../src/sqlite-log.ts";

/** The driver that the tests use in this run. */
export const driver = findDriver();

/** A path in a new folder. The folder is deleted after the test, after everything that was opened in it is closed. */
export function temporaryPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "log.db");
}

/** Opens a log that is closed after the test. */
export function openLog(path: string, options?: SqliteLogOptions) {
  const log = sqliteLog(path, options);
  onTestFinished(() => log.close());
  return log;
}

/** Opens a handle as the application does. It is closed after the test, even if a transaction is open. */
export function openApplication(path: string): Handle {
  const handle = driver.open(path);
  onTestFinished(() => handle.close());
  return handle;
}

/** Opens a handle of another build of SQLite: a copy of libsql, which is loaded as a second library. */
export function openWithAnotherBuild(path: string): Handle {
  const folder = mkdtempSync(join(tmpdir(), "tidings-libsql-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // pnpm keeps a package in a folder with only its dependencies.
  const installed = dirname(dirname(createRequire(import.meta.url).resolve("libsql")));
  cpSync(installed, join(folder, "node_modules"), { recursive: true, dereference: true });
  // The driver's tests prove that a database of libsql is a Handle.
  const Database = createRequire(join(folder, "index.js"))("libsql") as new (path: string) => Handle;
  const handle = new Database(path);
  onTestFinished(() => handle.close());
  return handle;
}

/** Opens one handle of the log, without the rest of the log. */
export function openFile(path: string): LogFile {
  const file = openLogFile(path, {
    synchronous: "normal",
    check: refuseNewer,
    prepare: (opened) => prepareSchema(opened, "first"),
  });
  onTestFinished(() => file.close());
  return file;
}

/** For a writer without the rest of the log, which nobody watches. */
export const writerOptions: LogWriterOptions = {
  now: Date.now,
  clock: systemClock,
  use: () => ({ boot: "boot", epoch: "second" }),
  patience: 10_000,
  onCommit: () => {},
};

/** A reliable entry with a text as its data. */
export function entry(channel: string, data: string, overrides: Partial<NewEntry> = {}): NewEntry {
  return { channel, type: "message", mode: "reliable", data: JSON.stringify(data), ...overrides };
}

/** The data of all entries of the log. */
export async function everything(log: EventLog): Promise<string[]> {
  const { epoch } = await log.head();
  const { entries } = await log.read({ epoch, seq: 0 }, null, { entries: 1e6, bytes: 1e9 });
  return entries.map(({ data }) => String(JSON.parse(data ?? "null")));
}

/** Resolves when the log wakes its watchers. */
export function nextWake(log: EventLog): Promise<void> {
  return new Promise((resolve) => {
    const stop = log.watch(() => {
      stop();
      resolve();
    });
  });
}
