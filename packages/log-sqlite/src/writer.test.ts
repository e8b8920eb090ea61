import { describe, expect, test } from "vitest";
import {
  driver,
  entry,
  everything,
  freshPath,
  openApplication,
  openFile,
  openLog,
  ring,
} from "../trials/fresh-file.ts";
import { systemClock } from "@tidings/protocol/clock";
import type { Handle } from "./driver.ts";
import { LogFile } from "./log-file.ts";
import { sqliteLog } from "./sqlite-log.ts";
import { Writer } from "./writer.ts";

const options = { now: Date.now, clock: systemClock, patience: 10_000, onCommit: () => {} };

/** A handle that tells what is executed on it. @param refused what it has no room for */
function spied(path: string, executed: string[], refused?: string): LogFile {
  const handle: Handle = openApplication(path);
  return new LogFile(path, {
    exec(sql) {
      executed.push(sql);
      return handle.exec(sql);
    },
    prepare(sql) {
      if (refused !== undefined && sql.includes(refused)) throw new Error("database or disk is full");
      return handle.prepare(sql);
    },
    close: () => {},
  });
}

describe(`appends, by ${driver.name}`, () => {
  test("what is appended in one turn of the event loop is one transaction, what comes later another", async () => {
    const path = freshPath();
    openFile(path);
    const executed: string[] = [];
    const writer = new Writer(spied(path, executed), options);
    const append = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => writer.append([entry("a", `${n}`)])));
    await append(50);
    expect(executed.filter((sql) => sql === "commit")).toHaveLength(1);
    await append(50);
    expect(executed.filter((sql) => sql === "commit")).toHaveLength(2);
    expect(await everything(openLog(path))).toHaveLength(100);
  });

  test("an append that the file does not take fails alone", async () => {
    const path = freshPath();
    const log = openLog(path);
    openApplication(path).exec(`
      create trigger refusal before insert on tidings_entry when new.channel = 'refused' begin select raise(abort, 'not this one'); end`);
    const appended = await Promise.allSettled([
      log.append([entry("a", "1")]),
      log.append([entry("a", "half of a batch"), entry("refused", "2")]),
      log.append([entry("a", "3")]),
    ]);
    expect(appended.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(appended[1]).toMatchObject({ reason: { message: `Cannot write to the log in "${path}": not this one.` } });
    expect(await everything(log)).toEqual(["1", "3"]);
  });

  test("while a transaction of the application is open, also across an await, appends wait, readers read, and then all goes on", async () => {
    const path = freshPath();
    const log = openLog(path);
    await log.append([entry("a", "1")]);
    const application = openApplication(path);
    application.exec("begin immediate");
    const appending = [log.append([entry("a", "2")]), log.append([entry("a", "3")])];
    let settled = false;
    const settling = Promise.all(appending).finally(() => (settled = true));
    // Some retries go by.
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(settled).toBe(false);
    expect(await everything(log)).toEqual(["1"]);
    application.exec("commit");
    await settling;
    expect(await everything(log)).toEqual(["1", "2", "3"]);
  });

  test("an append waits no longer than its patience, and says what is in the way; a later one goes through", async () => {
    const path = freshPath();
    const log = openLog(path, { patience: 30 });
    const application = openApplication(path);
    application.exec("begin immediate");
    await expect(log.append([entry("a", "1")])).rejects.toThrow(
      `Cannot write, after 30 ms, to the log in "${path}": database is locked. Another transaction is writing: keep transactions short, and publish inside one with publishIn.`,
    );
    application.exec("rollback");
    await log.append([entry("a", "2")]);
    expect(await everything(log)).toEqual(["2"]);
  });

  test("a log that is closed while an append waits does it first, and then appends nothing more", async () => {
    const path = freshPath();
    const log = sqliteLog(path);
    const application = openApplication(path);
    application.exec("begin immediate");
    const appending = log.append([entry("a", "1")]);
    const closing = log.close();
    await expect(log.append([entry("a", "2")])).rejects.toThrow("Expected an open log");
    await expect(log.head()).rejects.toThrow("Expected an open log");
    application.exec("commit");
    await Promise.all([appending, closing]);
    expect(await everything(openLog(path))).toEqual(["1"]);
  });

  test("a log that is closed while nobody lets it write is closed when its patience ends", async () => {
    const path = freshPath();
    const log = sqliteLog(path, { patience: 30 });
    const application = openApplication(path);
    application.exec("begin immediate");
    const appended = Promise.allSettled([log.append([entry("a", "1")])]);
    await log.close();
    expect(await appended).toMatchObject([{ status: "rejected" }]);
    application.exec("rollback");
  });

  test("on a full disk appends are refused, what was acked is stored and nothing else, and it goes on when there is space", async () => {
    const path = freshPath();
    const file = openFile(path);
    const writer = new Writer(file, options);
    file.prepare("pragma max_page_count = 60").get();
    const acked: string[] = [];
    const refused: string[] = [];
    for (let round = 0; round < 20; round++) {
      // Alone and in company, a transaction of several pages.
      const batches = Array.from({ length: 1 + (round % 3) }, (_, n) => `${round}:${n}:${"x".repeat(6_000)}`);
      const appended = await Promise.allSettled(batches.map((data) => writer.append([entry("a", data)])));
      for (const [index, data] of batches.entries()) {
        (appended[index]?.status === "fulfilled" ? acked : refused).push(data);
      }
    }
    expect(acked.length).toBeGreaterThan(3);
    expect(refused.length).toBeGreaterThan(3);
    await expect(writer.append([entry("a", "x".repeat(50_000))])).rejects.toThrow(
      `Cannot write to the log in "${path}": database or disk is full. Free some space and publish again.`,
    );
    const log = openLog(path);
    expect(await everything(log)).toEqual(acked);
    file.prepare("pragma max_page_count = 10000").get();
    await writer.append([entry("a", "again")]);
    expect(await everything(log)).toEqual([...acked, "again"]);
  });

  test("a log is closed also when there is no room to bring its file up to date, and the next one has everything", async () => {
    const path = freshPath();
    openFile(path);
    const writer = new Writer(spied(path, [], "wal_checkpoint"), options);
    await writer.append([entry("a", "1")]);
    await writer.close();
    expect(await everything(openLog(path))).toEqual(["1"]);
  });

  test("a file that must not be written refuses appends, is read, and takes them again later", async () => {
    const path = freshPath();
    const file = openFile(path);
    const writer = new Writer(file, options);
    await writer.append([entry("a", "1")]);
    file.exec("pragma query_only = 1");
    await expect(writer.append([entry("a", "2")])).rejects.toThrow(
      /readonly database\. The process must be allowed to write/,
    );
    expect(await everything(openLog(path))).toEqual(["1"]);
    file.exec("pragma query_only = 0");
    await writer.append([entry("a", "3")]);
    expect(await everything(openLog(path))).toEqual(["1", "3"]);
  });

  test("one handle hears another of the same process; its own appends ring at once, and once", async () => {
    const path = freshPath();
    const [log, other] = [openLog(path), openLog(path)];
    const rung = ring(other);
    let rings = 0;
    log.watch(() => rings++);
    await log.append([entry("a", "1")]);
    expect(rings).toBe(1);
    await rung;
    // The other one has looked in the meantime, and so has this one: it did not hear itself.
    expect(rings).toBe(1);
  });
});
