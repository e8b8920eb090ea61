import type { NewEntry } from "@tidings/log";
import { describe, expect, test } from "vitest";
import {
  driver,
  entry,
  everything,
  openApplication,
  openFile,
  openLog,
  temporaryPath,
  writerOptions,
} from "../trials/temporary-file.ts";
import { LogWriter } from "./log-writer.ts";

const topic = (data: string, more: Partial<NewEntry> = {}): NewEntry => ({
  channel: "a",
  type: "topic",
  mode: "latest",
  data,
  ...more,
});

describe(`an append with a condition, by ${driver.name}`, () => {
  test("that conflicts costs the other appends of its turn neither their transaction nor a second one", async () => {
    const file = openFile(temporaryPath());
    let commits = 0;
    const writer = new LogWriter(file, { ...writerOptions, onCommit: () => void commits++ });
    const attempts = await Promise.allSettled([
      writer.append([entry("a", "1")]),
      writer.append([topic("2", { expects: null })]),
      writer.append([topic("3", { expects: null }), entry("a", "4")]),
      writer.append([entry("a", "5")]),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(commits).toBe(1);
  });

  test("inside a transaction of the application leaves the transaction as it was, when it conflicts", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    const application = openApplication(path);
    const [first] = await log.append([topic("1")]);
    application.exec("begin immediate");
    await log.appendIn(application, [entry("a", "2")]);
    const batch = [entry("a", "3"), topic("4", { expects: null })];
    await expect(log.appendIn(application, batch)).rejects.toMatchObject({
      name: "ConflictError",
      cursor: first?.cursor,
    });
    await log.appendIn(application, [topic("5", { expects: first?.cursor ?? null })]);
    application.exec("commit");
    expect(await everything(log)).toEqual(["2", "5"]);
  });

  test("inside a transaction sees what the same transaction has published before", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    const application = openApplication(path);
    application.exec("begin immediate");
    await log.appendIn(application, [topic("1", { expects: null })]);
    await expect(log.appendIn(application, [topic("2", { expects: null })])).rejects.toThrow(/got that of/);
    application.exec("commit");
    expect(await everything(log)).toEqual(["1"]);
  });

  test("in a transaction that began with a read fails if another process has written since", async () => {
    const path = temporaryPath();
    const [log, other] = [openLog(path), openLog(path)];
    const application = openApplication(path);
    application.exec("begin");
    application.prepare("select count(*) from tidings_entry").get();
    await other.append([topic("1")]);
    // It still sees no value, so only SQLite knows.
    await expect(log.appendIn(application, [topic("2", { expects: null })])).rejects.toThrow(/database is locked/);
    application.exec("rollback");
    expect(await everything(log)).toEqual(["1"]);
  });

  test("finds the value by an index", async () => {
    const path = temporaryPath();
    const file = openFile(path);
    await new LogWriter(file, writerOptions).append([topic("1", { expects: null, idempotencyKey: "once" })]);
    const texts = file.texts.filter((sql) => /order by seq desc limit 1|select 1 from tidings_idempotency/.test(sql));
    expect(texts).toHaveLength(3);
    for (const sql of texts) {
      const steps = file.prepare(`explain query plan ${sql}`).all();
      expect(steps.map(({ detail }) => String(detail)).join("\n"), sql).not.toMatch(
        /SCAN tidings_(?!epoch)|TEMP B-TREE/,
      );
    }
  });
});
