import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { EventLog, NewEntry } from "@tidings/log";
import { onTestFinished } from "vitest";
import { findDriver, type Handle } from "../src/driver.ts";
import { openLogFile, type LogFile } from "../src/log-file.ts";
import { prepareSchema, refuseNewer } from "../src/schema.ts";
import { sqliteLog, type SqliteLogOptions } from "../src/sqlite-log.ts";

/** The driver that the tests of this run are about. */
export const driver = findDriver();

/** Closed and deleted after the test, in the opposite order of opening. */
export function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-sqlite-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "log.db");
}

export function openLog(path: string, options?: SqliteLogOptions) {
  const log = sqliteLog(path, options);
  onTestFinished(() => log.close());
  return log;
}

/** A handle as the application has it. */
export function openApplication(path: string): Handle {
  const handle = driver.open(path);
  onTestFinished(() => {
    // A transaction that a failed test has left open.
    handle.close();
  });
  return handle;
}

/** A handle as an application has it that brings a SQLite of its own: here, a copy of libsql, which is loaded as another library. */
export function openWithAnotherBuild(path: string): Handle {
  const folder = mkdtempSync(join(tmpdir(), "tidings-libsql-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // pnpm keeps a package next to its dependencies, and to nothing else.
  const installed = dirname(dirname(createRequire(import.meta.url).resolve("libsql")));
  cpSync(installed, join(folder, "node_modules"), { recursive: true, dereference: true });
  // The driver's tests have it that libsql is a Handle.
  const Database = createRequire(join(folder, "index.js"))("libsql") as new (path: string) => Handle;
  const handle = new Database(path);
  onTestFinished(() => handle.close());
  return handle;
}

/** One handle of the log by itself. */
export function openFile(path: string): LogFile {
  const file = openLogFile(path, {
    synchronous: "normal",
    check: refuseNewer,
    prepare: (opened) => prepareSchema(opened, "first"),
  });
  onTestFinished(() => file.close());
  return file;
}

export function entry(channel: string, data: string, more: Partial<NewEntry> = {}): NewEntry {
  return { channel, type: "message", mode: "reliable", data: JSON.stringify(data), ...more };
}

/** The data of everything that is in the log. */
export async function everything(log: EventLog): Promise<string[]> {
  const { epoch } = await log.head();
  const { entries } = await log.read({ epoch, seq: 0 }, null, { entries: 1e6, bytes: 1e9 });
  return entries.map(({ data }) => String(JSON.parse(data ?? "null")));
}

/** Resolves when the log rings. */
export function ring(log: EventLog): Promise<void> {
  return new Promise((resolve) => {
    const stop = log.watch(() => {
      stop();
      resolve();
    });
  });
}
