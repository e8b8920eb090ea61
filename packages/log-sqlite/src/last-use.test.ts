import { copyFileSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import type { EventLog } from "@tidings/log";
import { newEpoch } from "@tidings/protocol";
import { describe, expect, test } from "vitest";
import { driver, entry, everything, openApplication, openLog, temporaryPath } from "../trials/temporary-file.ts";
import { sqliteLog, startEpoch } from "./sqlite-log.ts";

const WIDE = { entries: 100, bytes: 1e6 };

async function appendSome(log: EventLog, count: number, text: string) {
  for (let n = 0; n < count; n++) await log.append([entry("a", `${text} ${n}`)]);
  return log.head();
}

/** Copies the files as a crash of the machine leaves them: the -wal file has only its first bytes. */
function crash(path: string, walBytes: number): string {
  const copy = temporaryPath();
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  truncateSync(`${copy}-wal`, walBytes);
  return copy;
}

const walBytesOf = (path: string) => readFileSync(`${path}-wal`).length;

describe(`the last use of the file, by ${driver.name}`, () => {
  test("after a power cut, readers of the lost suffix get `lost`, and the others read on", async () => {
    const path = temporaryPath();
    const log = openLog(path, { boot: "one" });
    const kept = await appendSome(log, 7, "kept");
    const walBytes = walBytesOf(path);
    const lost = await appendSome(log, 5, "lost");

    const crashed = openLog(crash(path, walBytes), { boot: "two" });
    const head = await appendSome(crashed, 12, "new");
    expect(await crashed.read(lost, ["a"], WIDE)).toMatchObject({
      entries: [],
      next: head,
      holes: [{ channel: "a", reason: "lost" }],
    });
    expect(await crashed.read(kept, ["a"], WIDE)).toMatchObject({ holes: [], entries: { length: 12 } });
    expect(await crashed.read({ ...kept, seq: 0 }, ["a"], WIDE)).toMatchObject({ holes: [], entries: { length: 19 } });
  });

  test("a power cut that takes the whole -wal file is noticed, too", async () => {
    const path = temporaryPath();
    const first = sqliteLog(path, { boot: "one" });
    await appendSome(first, 3, "kept");
    await first.close();
    const kept = await openLog(path, { boot: "one" }).head();
    // Before the first commit, the file itself gets the note that the log is in use.
    const log = openLog(path, { boot: "one" });
    const lost = await appendSome(log, 2, "lost");

    const crashed = openLog(crash(path, 0), { boot: "two" });
    expect((await crashed.head()).seq).toBe(kept.seq);
    await appendSome(crashed, 5, "new");
    expect(await crashed.read(lost, ["a"], WIDE)).toMatchObject({ holes: [{ reason: "lost" }] });
    expect(await crashed.read(kept, ["a"], WIDE)).toMatchObject({ holes: [], entries: { length: 5 } });
  });

  test("a process that is killed keeps the epoch, and so does one that opens the file beside others", async () => {
    const path = temporaryPath();
    const log = openLog(path, { boot: "one" });
    const head = await appendSome(log, 3, "kept");
    expect(await openLog(path, { boot: "one" }).head()).toEqual(head);
    expect(await openLog(crash(path, walBytesOf(path)), { boot: "one" }).head()).toEqual(head);
  });

  test("a process that opens the file by a symbolic link keeps the epoch, beside others and after a kill", async () => {
    const path = temporaryPath();
    const link = `${path}.link`;
    symlinkSync(path, link);
    const head = await appendSome(openLog(link, { boot: "one" }), 3, "kept");
    expect(await openLog(link, { boot: "one" }).head()).toEqual(head);
    expect(await openLog(`file:${path}`, { boot: "one" }).head()).toEqual(head);
  });

  test("a -wal file without a commit in it ends the epoch, as one that is gone", async () => {
    const path = temporaryPath();
    const lost = await appendSome(openLog(path, { boot: "one" }), 3, "lost");
    for (const walBytes of [1, 31, 32]) {
      const reopened = openLog(crash(path, walBytes), { boot: "one" });
      await appendSome(reopened, 5, "new");
      expect(await reopened.read(lost, ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ channel: "a" }] });
    }
  });

  test("a process that has created the file keeps its epoch, although another one has used it meanwhile", async () => {
    const path = temporaryPath();
    let calls = 0;
    newEpoch(() => (calls++, 0.5));
    const lengthOfName = calls;
    calls = 0;
    let other: EventLog | null = null;
    // The second name is made after the tables, and before the process looks at the last use.
    const random = (): number => {
      if (++calls === lengthOfName + 1) other = openLog(path, { boot: "one" });
      return Math.random();
    };
    const log = openLog(path, { boot: "one", random });
    expect(other).not.toBeNull();
    const epochs = openApplication(path).prepare("select epoch from tidings_epoch").all();
    expect(epochs).toHaveLength(1);
    expect(await log.head()).toEqual({ epoch: (epochs[0] as { epoch: string }).epoch, seq: 0 });
  });

  test("a log that was closed keeps its epoch on any boot, and opens no epoch for startEpoch()'s file", async () => {
    const path = temporaryPath();
    for (const boot of ["one", "one", "two", "three"]) {
      const log = sqliteLog(path, { boot });
      await appendSome(log, 2, boot);
      await log.close();
    }
    startEpoch(path);
    const log = openLog(path, { boot: "four" });
    await appendSome(log, 1, "last");
    expect(openApplication(path).prepare("select count(*) as n from tidings_epoch").get()).toMatchObject({ n: 2 });
    expect((await everything(log)).length).toBe(9);
  });

  test("a -wal file that is deleted after a kill ends the epoch, also if another handle was closed", async () => {
    const path = temporaryPath();
    const log = openLog(path, { boot: "one" });
    await appendSome(log, 3, "kept");
    const other = sqliteLog(path, { boot: "one" });
    await other.close();
    const lost = await appendSome(log, 5, "lost");
    const copy = temporaryPath();
    copyFileSync(path, copy);

    const reopened = openLog(copy, { boot: "one" });
    expect((await reopened.head()).seq).toBeLessThan(lost.seq);
    await appendSome(reopened, 12, "new");
    expect(await reopened.read(lost, ["a"], WIDE)).toMatchObject({ holes: [{ reason: "lost" }] });
  });

  /** A copy of the file without its -wal file, which somebody has deleted after a kill. */
  function withoutWal(path: string): string {
    const copy = temporaryPath();
    copyFileSync(path, copy);
    return copy;
  }

  test("a -wal file that is deleted ends the epoch, also if a backup held up the first checkpoint", async () => {
    const path = temporaryPath();
    const first = sqliteLog(path, { boot: "one" });
    const kept = await appendSome(first, 1, "kept");
    await first.close();
    const backup = openApplication(path);
    backup.exec("begin");
    backup.prepare("select count(*) from tidings_entry").get();
    const log = openLog(path, { boot: "one" });
    const lost = await appendSome(log, 5, "lost");
    expect(await log.read(kept, ["a"], WIDE)).toMatchObject({ holes: [], entries: { length: 5 } });

    const reopened = openLog(withoutWal(path), { boot: "one" });
    await appendSome(reopened, 7, "new");
    expect(await reopened.read(lost, ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ reason: "reset" }] });
    expect(await reopened.read(kept, ["a"], WIDE)).toMatchObject({ holes: [], entries: { length: 7 } });
    backup.exec("rollback");
  });

  test.each(["before this one has published", "after this one has published"])(
    "a -wal file that is deleted ends the epoch, also if only publishIn was used, and another process closed %s",
    async (when) => {
      const path = temporaryPath();
      const other = sqliteLog(path, { boot: "one" });
      await appendSome(other, 1, "kept");
      const log = openLog(path, { boot: "one" });
      if (when.startsWith("after")) await appendSome(log, 1, "kept");
      await other.close();
      const kept = await log.head();
      const application = openApplication(path);
      for (let n = 0; n < 5; n++) {
        application.exec("begin immediate");
        await log.appendIn(application, [entry("a", `lost ${n}`)]);
        application.exec("commit");
      }
      const lost = await log.head();
      expect(await log.read(kept, ["a"], WIDE)).toMatchObject({ holes: [], entries: { length: 5 } });

      const reopened = openLog(withoutWal(path), { boot: "one" });
      await appendSome(reopened, 7, "new");
      expect(await reopened.read(lost, ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ reason: "reset" }] });
      expect(await reopened.read(kept, ["a"], WIDE)).toMatchObject({ holes: [], entries: { length: 7 } });
    },
  );

  test("an append that waits for its commit while another handle closes the log is appended", async () => {
    const path = temporaryPath();
    await sqliteLog(path, { boot: "one" }).close();
    const other = sqliteLog(path, { boot: "one" });
    const log = openLog(path, { boot: "one" });
    const appending = log.append([entry("a", "1")]);
    await other.close();
    await appending;
    expect(await everything(log)).toEqual(["1"]);
  });

  test.each(["-wal", "-shm"])(
    "a %s file that is deleted while it is open refuses appends, and closing saves what was acknowledged",
    async (suffix) => {
      const path = temporaryPath();
      const log = sqliteLog(path);
      await appendSome(log, 3, "acknowledged");
      rmSync(`${path}${suffix}`);
      await expect(log.append([entry("a", "refused")])).rejects.toThrow(
        /the -wal or -shm file beside it was deleted or replaced while it was open\. Stop the server without killing/,
      );
      expect(await everything(log)).toHaveLength(3);
      await log.close();
      const texts = await everything(openLog(path));
      expect(texts).toEqual(["acknowledged 0", "acknowledged 1", "acknowledged 2"]);
    },
  );

  test.each<readonly [how: string, shorten: (wal: string, size: number, older: Buffer) => void]>([
    ["emptied", (wal) => truncateSync(wal, 0)],
    ["cut in the middle", (wal, size) => truncateSync(wal, Math.floor(size / 2))],
    ["cut by one byte", (wal, size) => truncateSync(wal, size - 1)],
    ["overwritten with an older copy", (wal, _, older) => writeFileSync(wal, older)],
  ])("a -wal file that is %s while it is open refuses appends", async (_, shorten) => {
    const path = temporaryPath();
    const log = openLog(path);
    await appendSome(log, 3, "acknowledged");
    const older = readFileSync(`${path}-wal`);
    await appendSome(log, 3, "acknowledged");
    shorten(`${path}-wal`, walBytesOf(path), older);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(log.append([entry("a", "refused")])).rejects.toThrow(/-wal file beside it was shortened while/);
    }
  });

  test("a -wal file that is cut while a reader holds on to what is before the cut refuses appends", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    await appendSome(log, 1, "acknowledged");
    const application = openApplication(path);
    // No checkpoint moves what was written after this read.
    application.exec("begin; select count(*) from sqlite_schema");
    await appendSome(log, 50, "acknowledged");
    truncateSync(`${path}-wal`, walBytesOf(path) - 10_000);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(log.append([entry("a", "refused")])).rejects.toThrow(/-wal file beside it was shortened while/);
    }
    application.exec("commit");
    await expect(log.append([entry("a", "refused")])).rejects.toThrow(/-wal file beside it was shortened while/);
  });

  test("a reader that holds on to an older state does not make a -wal file seem cut that was emptied", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    await appendSome(log, 5, "first");
    const [application, reader] = [openApplication(path), openApplication(path)];
    application.prepare("pragma wal_checkpoint(truncate)").get();
    reader.exec("begin; select count(*) from sqlite_schema");
    application.exec("create table other (id integer)");
    await appendSome(log, 3, "second");
    reader.exec("commit");
    expect(await everything(log)).toHaveLength(8);
  });

  test("a -wal file that another handle has moved into the file, and emptied, refuses nothing", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    const application = openApplication(path);
    for (let round = 0; round < 3; round++) {
      await appendSome(log, 3, `${round}`);
      application.prepare("pragma wal_checkpoint(truncate)").get();
      expect(walBytesOf(path)).toBe(0);
    }
    await appendSome(log, 1, "last");
    expect(await everything(log)).toHaveLength(10);
  });

  test("a restored copy that was made while the log was in use begins an epoch by itself", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    await appendSome(log, 2, "kept");
    const backup = temporaryPath();
    openApplication(path).exec(`vacuum into '${backup}'`);
    const lost = await appendSome(log, 3, "lost");
    const restored = openLog(backup);
    await appendSome(restored, 5, "new");
    expect(await restored.read(lost, ["a"], WIDE)).toMatchObject({ holes: [{ reason: "lost" }] });
  });
});
