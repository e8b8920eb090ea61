import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EventLog } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { driver, entry, openApplication, openLog, temporaryPath } from "../trials/temporary-file.ts";
import { sqliteLog, startEpoch } from "./sqlite-log.ts";

const WIDE = { entries: 100, bytes: 1e6 };
const BOOT = { boot: "one" };

async function appendSome(log: EventLog, count: number, text: string) {
  for (let n = 0; n < count; n++) await log.append([entry("a", `${text} ${n}`)]);
  return log.head();
}

/** Copies the folder as a killed process leaves it. */
function kill(path: string): string {
  const copy = temporaryPath();
  cpSync(dirname(path), dirname(copy), { recursive: true });
  return copy;
}

type Damage = (wal: Buffer) => Buffer;

function damage(path: string, how: Damage): void {
  writeFileSync(`${path}-wal`, how(readFileSync(`${path}-wal`)));
}

const countEpochs = (path: string) => openApplication(path).prepare("select count(*) as n from tidings_epoch").get();

const DAMAGES: [string, Damage][] = [
  ["cut in half", (wal) => wal.subarray(0, wal.length / 2)],
  ["cut after its first frames", (wal) => wal.subarray(0, 32 + 3 * (24 + 4_096))],
  ["given a damaged header", (wal) => Buffer.concat([Buffer.alloc(32, 90), wal.subarray(32)])],
  ["filled with zeros at its end", (wal) => Buffer.from(wal).fill(0, wal.length - 20_000)],
  ["filled with zeros", (wal) => Buffer.alloc(wal.length)],
];

describe(`a -wal file of a process that was killed, by ${driver.name}`, () => {
  test.each(DAMAGES)("and that was %s while no server ran ends the epoch", async (_, how) => {
    const path = temporaryPath();
    const kept = await appendSome(openLog(path, BOOT), 1, "kept");
    const lost = await appendSome(openLog(path, BOOT), 12, "lost");
    const copy = kill(path);
    damage(copy, how);

    const reopened = openLog(copy, BOOT);
    const found = await reopened.head();
    await appendSome(reopened, 20, "new");
    expect(await reopened.read(lost, ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ channel: "a" }] });
    // A position that the file still has is valid.
    if (found.seq < kept.seq) return;
    const { entries, holes } = await reopened.read(kept, ["a"], WIDE);
    expect([entries.length, holes]).toEqual([20 + found.seq - kept.seq, []]);
  });
});

test(`a damaged -wal file that leaves old and new pages together is refused, by ${driver.name}`, async () => {
  const path = temporaryPath();
  const log = openLog(path, { ...BOOT, keep: { entries: 5 } });
  for (let n = 0; n < 60; n++) {
    const data = "x".repeat(40 * n);
    const idempotencyKey = String(n);
    await log.append(["a", "b", "c", "d", "e"].map((channel) => entry(channel, data, { idempotencyKey })));
    await log.trim();
  }
  // Now the file has everything, and the -wal file still has it, too.
  openApplication(path).prepare("pragma wal_checkpoint(passive)").get();
  const copy = kill(path);
  damage(copy, (wal) => wal.subarray(0, 32 + 50 * (24 + 4_096)));
  // A second attempt finds no more than the first one.
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(() => openLog(copy, BOOT)).toThrow(
      // SQLite itself gives up where the mix is so bad that it cannot be checked.
      /Cannot open the log in ".*": (the -wal file .* has lost commits|.* malformed).*put a backup in its place/is,
    );
  }
});

describe(`the head that a log has shown, by ${driver.name}`, () => {
  test("keeps the epoch after a kill, and after a clean end", async () => {
    const path = temporaryPath();
    const log = sqliteLog(path, BOOT);
    const head = await appendSome(log, 12, "kept");
    const copy = kill(path);
    const reopened = sqliteLog(copy, BOOT);
    expect(await reopened.head()).toEqual(head);
    await reopened.close();
    expect(await openLog(copy, BOOT).head()).toEqual(head);
    await log.close();
    expect(await openLog(path, BOOT).head()).toEqual(head);
  });

  test("ends the epoch once: the next process that is killed keeps the new one", async () => {
    const path = temporaryPath();
    await appendSome(openLog(path, BOOT), 12, "lost");
    let copy = kill(path);
    damage(copy, (wal) => wal.subarray(0, wal.length / 2));
    const epochs = new Set<string>();
    for (let life = 0; life < 3; life++) {
      const { epoch } = await openLog(copy, BOOT).head();
      epochs.add(epoch);
      copy = kill(copy);
    }
    expect(epochs.size).toBe(1);
    expect(countEpochs(copy)).toMatchObject({ n: 2 });
  });

  test.each([
    ["another process", (path: string) => appendSome(openLog(path, BOOT), 5, "lost")],
    [
      "a transaction of the application",
      async (path: string, log: EventLog) => {
        const application = openApplication(path);
        application.exec("begin");
        await (log as ReturnType<typeof openLog>).appendIn(application, [entry("a", "lost")]);
        application.exec("commit");
        return log.head();
      },
    ],
  ])("also knows what %s has appended, once it was read", async (_, append) => {
    const path = temporaryPath();
    const log = openLog(path, BOOT);
    await appendSome(log, 3, "kept");
    const wal = readFileSync(`${path}-wal`);
    const lost = await append(path, log);
    await log.read({ ...lost, seq: 0 }, null, WIDE);
    const copy = kill(path);
    writeFileSync(`${copy}-wal`, wal);

    const reopened = openLog(copy, BOOT);
    await appendSome(reopened, 7, "new");
    expect(await reopened.read(lost, ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ reason: "lost" }] });
  });

  test("is noted again by a process that sees it after another one has noted an older one", async () => {
    const path = temporaryPath();
    const [log, other] = [openLog(path, BOOT), openLog(path, BOOT)];
    await appendSome(log, 2, "first");
    const older = readFileSync(`${path}-head`, "latin1");
    const head = await appendSome(log, 1, "newer");
    const newer = readFileSync(`${path}-head`, "latin1");
    expect(newer.trim()).toBe(`${head.epoch}.3`);
    // The other process was stopped between its commit and its note.
    writeFileSync(`${path}-head`, older);
    await other.head();
    expect(readFileSync(`${path}-head`, "latin1")).toBe(newer);
  });

  test.each<[string, (log: EventLog) => Promise<unknown>]>([
    ["a repeated append", (log) => log.append([entry("a", "newer", { idempotencyKey: "k" })])],
    [
      "a refusal",
      (log) => {
        const refused = log.append([entry("a", "value", { mode: "latest", key: "k", expects: null })]);
        return expect(refused).rejects.toThrow(/got that of/);
      },
    ],
  ])("is noted before %s tells of what another process has appended without a note", async (_, ask) => {
    const path = temporaryPath();
    const [log, other] = [openLog(path, BOOT), openLog(path, BOOT)];
    await appendSome(log, 2, "first");
    const older = readFileSync(`${path}-head`, "latin1");
    await other.append([
      entry("a", "value", { mode: "latest", key: "k" }),
      entry("a", "newer", { idempotencyKey: "k" }),
    ]);
    const newer = readFileSync(`${path}-head`, "latin1");
    // The other process was killed between its commit and its note.
    writeFileSync(`${path}-head`, older);
    await ask(log);
    expect(readFileSync(`${path}-head`, "latin1")).toBe(newer);
  });

  test.each<[string, (file: string) => void]>([
    ["deleted", (file) => rmSync(file)],
    ["emptied", (file) => writeFileSync(file, "")],
    ["overwritten with something longer", (file) => writeFileSync(file, "longer ".repeat(100))],
    [
      "replaced by an older one",
      (file) => {
        writeFileSync(`${file}.older`, readFileSync(file, "latin1").replace(/\.\d+/, ".1"));
        renameSync(`${file}.older`, file);
      },
    ],
  ])("is noted again with the next append, or the next read, if its file was %s", async (_, act) => {
    const path = temporaryPath();
    const log = openLog(path, BOOT);
    const head = await appendSome(log, 5, "kept");
    const noted = readFileSync(`${path}-head`, "latin1");
    act(`${path}-head`);
    await log.read(head, null, WIDE);
    expect(readFileSync(`${path}-head`, "latin1")).toBe(noted);
    act(`${path}-head`);
    await log.append([entry("a", "next")]);
    expect(readFileSync(`${path}-head`, "latin1").trim()).toBe(`${head.epoch}.6`);
  });

  test("of an unknown log begins one epoch, however often it is opened, if its file cannot be replaced", async () => {
    const path = temporaryPath();
    const first = sqliteLog(path, BOOT);
    await appendSome(first, 5, "kept");
    await first.close();
    const epochs = new Set<string>();
    for (let life = 0; life < 4; life++) {
      writeFileSync(`${path}-head`, "unknown.7".padEnd(57));
      const log = sqliteLog(path, BOOT);
      epochs.add((await appendSome(log, 1, "new")).epoch);
      await log.close();
    }
    expect(epochs.size).toBe(1);
    expect(countEpochs(path)).toMatchObject({ n: 2 });
  });

  test.each(["while the log was in use", "after the log was closed"])(
    "ends the epoch of an older copy that was made %s and put back without startEpoch()",
    async (when) => {
      const path = temporaryPath();
      const backup = `${path}.backup`;
      const first = sqliteLog(path, BOOT);
      const kept = await appendSome(first, 2, "kept");
      if (when.startsWith("after")) await first.close();
      openApplication(path).exec(`vacuum into '${backup}'`);
      await first.close();
      const log = sqliteLog(path, BOOT);
      const lost = await appendSome(log, 5, "lost");
      await log.close();
      for (const beside of ["-wal", "-shm"]) rmSync(path + beside, { force: true });
      cpSync(backup, path);

      const restored = openLog(path, BOOT);
      await appendSome(restored, 9, "new");
      expect(await restored.read(lost, ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ reason: "lost" }] });
      expect(await restored.read(kept, ["a"], WIDE)).toMatchObject({ entries: { length: 9 }, holes: [] });
    },
  );

  test("lets a copy open that was put back with startEpoch(), or whose own rows break a rule", async () => {
    const path = temporaryPath();
    const backup = `${path}.backup`;
    const first = sqliteLog(path, BOOT);
    await appendSome(first, 2, "kept");
    // The application may switch its rules off.
    const pragma = "pragma ignore_check_constraints = 1";
    openApplication(path).exec(`create table t(x check (x > 5)); ${pragma}; insert into t values (1)`);
    openApplication(path).exec(`vacuum into '${backup}'`);
    await first.close();
    startEpoch(path);
    const log = sqliteLog(path, BOOT);
    await appendSome(log, 5, "lost");
    await log.close();
    for (const beside of ["-wal", "-shm"]) rmSync(path + beside, { force: true });
    cpSync(backup, path);
    const opened = sqliteLog(path, BOOT);
    expect((await opened.head()).seq).toBe(2);
    await opened.close();

    cpSync(backup, path);
    startEpoch(path);
    openLog(path, BOOT);
    expect(countEpochs(path)).toMatchObject({ n: 2 });
  });

  test("of a log that was deleted says nothing of the new one in its place", async () => {
    const path = temporaryPath();
    const log = sqliteLog(path, BOOT);
    await appendSome(log, 5, "old");
    await log.close();
    for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
    openLog(path, BOOT);
    expect(countEpochs(path)).toMatchObject({ n: 1 });
  });

  test.each<[string, (file: string) => void]>([
    ["is missing", (file) => rmSync(file)],
    ["is damaged", (file) => writeFileSync(file, "damaged ".repeat(100))],
    ["cannot be read or written", (file) => (rmSync(file), mkdirSync(file))],
  ])("changes nothing where its file %s", async (_, act) => {
    const path = temporaryPath();
    const head = await appendSome(openLog(path, BOOT), 5, "kept");
    const copy = kill(path);
    act(`${copy}-head`);
    const reopened = openLog(copy, BOOT);
    expect(await reopened.head()).toEqual(head);
    expect((await appendSome(reopened, 5, "new")).seq).toBe(10);
  });

  test("is beside the file itself, not beside a symbolic link to it", async () => {
    const path = temporaryPath();
    const link = join(dirname(temporaryPath()), "link.db");
    symlinkSync(path, link);
    await appendSome(openLog(link, BOOT), 1, "kept");
    expect([existsSync(`${path}-head`), existsSync(`${link}-head`)]).toEqual([true, false]);
  });
});
