import type { ChildProcess } from "node:child_process";
import type { EventLog } from "@tidings/log";
import { postgresLog } from "@tidings/log-postgres";
import { sqliteLog } from "@tidings/log-sqlite";
import Database from "libsql";
import { describe, expect, onTestFinished } from "vitest";
import { server } from "../../packages/log-postgres/test/test-server.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { describeKilledWriter, stopAnywhere } from "./killed-writer.ts";

/** Whether nobody writes to the file at this moment. */
function isFree(file: Database.Database): boolean {
  try {
    file.exec("begin immediate");
  } catch {
    return false;
  }
  file.exec("rollback");
  return true;
}

/** Stops a writer between two commits. If it is stopped within a commit, it holds the file, and nobody can write. */
async function stopBetweenCommits(child: ChildProcess, log: EventLog, path: string): Promise<void> {
  const file = new Database(path);
  onTestFinished(() => void file.close());
  const head = async (): Promise<number> => (await log.head()).seq;
  child.kill("SIGSTOP");
  while (!isFree(file)) {
    const before = await head();
    child.kill("SIGCONT");
    await expect.poll(head, { timeout: 60_000, interval: 20 }).toBeGreaterThan(before);
    child.kill("SIGSTOP");
  }
}

describe("on SQLite", () => {
  describeKilledWriter(async () => {
    const path = await temporaryPath();
    const log = sqliteLog(path);
    return { log, place: ["SQLite", path], stop: (child) => stopBetweenCommits(child, log, path) };
  });
});

describe("on PostgreSQL", () => {
  describeKilledWriter(async () => {
    const schema = server.newSchema();
    const log = await postgresLog(server.url, { schema });
    return { log, place: ["PostgreSQL", server.url, schema], stop: stopAnywhere };
  });
});
