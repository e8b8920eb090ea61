import { describe, expect, test } from "vitest";
import {
  driver,
  entry,
  everything,
  temporaryPath,
  openApplication,
  openFile,
  openLog,
  nextWake,
  writerOptions,
} from "../trials/temporary-file.ts";
import type { Handle } from "./driver.ts";
import { LogFile } from "./log-file.ts";
import { sqliteLog } from "./sqlite-log.ts";
import { LogWriter } from "./log-writer.ts";

/**
 * A file that records what is executed on it.
 *
 * @param refused statements that contain this text fail as on a full disk
 */
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
  test("all appends of one turn of the event loop are one transaction, later ones are another", async () => {
    const path = temporaryPath();
    openFile(path);
    const executed: string[] = [];
    const writer = new LogWriter(spied(path, executed), writerOptions);
    const append = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => writer.append([entry("a", `${n}`)])));
    await append(50);
    expect(executed.filter((sql) => sql === "commit")).toHaveLength(1);
    await append(50);
    expect(executed.filter((sql) => sql === "commit")).toHaveLength(2);
    expect(await everything(openLog(path))).toHaveLength(100);
  });

  test("an append that fails does not make others fail", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    openApplication(path).exec(`
      create trigger refusal before insert on tidings_entry when new.channel = 'refused'
        begin select raise(abort, 'not this one'); end`);
    const appended = await Promise.allSettled([
      log.append([entry("a", "1")]),
      log.append([entry("a", "half of a batch"), entry("refused", "2")]),
      log.append([entry("a", "3")]),
    ]);
    expect(appended.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(appended[1]).toMatchObject({ reason: { message: `Cannot write to the log in "${path}": not this one.` } });
    expect(await everything(log)).toEqual(["1", "3"]);
  });

  test("during an open transaction of the application, appends wait and reads do not", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    await log.append([entry("a", "1")]);
    const application = openApplication(path);
    application.exec("begin immediate");
    const appending = [log.append([entry("a", "2")]), log.append([entry("a", "3")])];
    let settled = false;
    const settling = Promise.all(appending).finally(() => (settled = true));
    // Time for some attempts.
    for (let count = 0; count < 10; count++) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(settled).toBe(false);
    expect(await everything(log)).toEqual(["1"]);
    application.exec("commit");
    await settling;
    expect(await everything(log)).toEqual(["1", "2", "3"]);
  });

  test("an append waits no longer than its patience, its error says why, and a later append works", async () => {
    const path = temporaryPath();
    const log = openLog(path, { patience: 30 });
    const application = openApplication(path);
    application.exec("begin immediate");
    await expect(log.append([entry("a", "1")])).rejects.toMatchObject({
      name: "AppendError",
      outcome: "none",
      message:
        `Cannot write, after 30 ms, to the log in "${path}": database is locked. ` +
        "Another transaction is writing: keep transactions short, and publish inside one with publishIn.",
    });
    application.exec("rollback");
    await log.append([entry("a", "2")]);
    expect(await everything(log)).toEqual(["2"]);
  });

  test("closing a log finishes an append that waits, and refuses new ones", async () => {
    const path = temporaryPath();
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

  test("closing a log that cannot write waits no longer than the patience of its appends", async () => {
    const path = temporaryPath();
    const log = sqliteLog(path, { patience: 30 });
    const application = openApplication(path);
    application.exec("begin immediate");
    const appended = Promise.allSettled([log.append([entry("a", "1")])]);
    await log.close();
    expect(await appended).toMatchObject([{ status: "rejected" }]);
    application.exec("rollback");
  });

  test("on a full disk appends fail, exactly the acknowledged ones are stored, and space makes them work", async () => {
    const path = temporaryPath();
    const file = openFile(path);
    const writer = new LogWriter(file, writerOptions);
    file.prepare("pragma max_page_count = 60").get();
    const acked: string[] = [];
    const refused: string[] = [];
    for (let round = 0; round < 20; round++) {
      // Small and large batches, alone and together in one transaction.
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

  test("closing works without space for the checkpoint, and the next handle has everything", async () => {
    const path = temporaryPath();
    openFile(path);
    const writer = new LogWriter(spied(path, [], "wal_checkpoint"), writerOptions);
    await writer.append([entry("a", "1")]);
    await writer.close();
    expect(await everything(openLog(path))).toEqual(["1"]);
  });

  test("a read-only file refuses appends, can be read, and accepts appends when it is writable again", async () => {
    const path = temporaryPath();
    const file = openFile(path);
    const writer = new LogWriter(file, writerOptions);
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

  test("an append wakes the watchers of its own handle at once and once, and those of another handle", async () => {
    const path = temporaryPath();
    const [log, other] = [openLog(path), openLog(path)];
    const otherWoken = nextWake(other);
    let wakes = 0;
    log.watch(() => wakes++);
    await log.append([entry("a", "1")]);
    expect(wakes).toBe(1);
    await otherWoken;
    // Both handles have polled in the meantime; the poll of the first one did not see its own commit.
    expect(wakes).toBe(1);
  });
});
