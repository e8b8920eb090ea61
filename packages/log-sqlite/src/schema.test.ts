import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  driver,
  entry,
  everything,
  temporaryPath,
  openApplication,
  openFile,
  openLog,
} from "../trials/temporary-file.ts";
import { MIGRATIONS, prepareSchema, readVersion, refuseNewer } from "./schema.ts";
import { sqliteLog, startEpoch } from "./sqlite-log.ts";

/** The migrations of a later version, as they could be. */
const NEXT = [
  ...MIGRATIONS,
  "alter table tidings_entry add column origin text; create index tidings_entry_origin on tidings_entry (origin)",
];

describe(`the schema, by ${driver.name}`, () => {
  test("a file without a log gets the tables of this version", () => {
    const file = openFile(temporaryPath());
    expect(readVersion(file)).toBe(MIGRATIONS.length);
  });

  test("an older log is upgraded once, and keeps its entries, epoch and keys", async () => {
    const path = temporaryPath();
    const log = sqliteLog(path);
    const once = [entry("a", "1", { idempotencyKey: "key" }), entry("a", "2")];
    await log.append(once);
    const head = await log.head();
    await log.close();

    const file = openFile(path);
    prepareSchema(file, "another", NEXT);
    expect(readVersion(file)).toBe(NEXT.length);
    // The second call must not alter the table again.
    prepareSchema(file, "another", NEXT);
    expect(file.prepare("select count(origin) as origins, count(*) as entries from tidings_entry").get()).toMatchObject(
      {
        origins: 0,
        entries: 2,
      },
    );
    expect(file.prepare("select epoch, first from tidings_epoch").all()).toMatchObject([
      { epoch: head.epoch, first: 1 },
    ]);
    expect(file.prepare("select key, seq from tidings_idempotency").all()).toMatchObject([{ key: "key", seq: 1 }]);
  });

  test("an upgrade that fails changes nothing", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    await log.append([entry("a", "1")]);
    const file = openFile(path);
    const broken = [...NEXT, "create table tidings_more (x); insert into nowhere values (1)"];
    expect(() => prepareSchema(file, "another", broken)).toThrow("no such table: nowhere");
    expect(readVersion(file)).toBe(MIGRATIONS.length);
    expect(
      file.prepare("select 1 from sqlite_master where name in ('tidings_more', 'tidings_entry_origin')").all(),
    ).toEqual([]);
    expect(await everything(log)).toEqual(["1"]);
  });

  test("a log of a newer version is refused with advice, and its file is not changed", async () => {
    const path = temporaryPath();
    const application = driver.open(path);
    application.exec("create table tidings_meta (name text primary key, value) without rowid");
    application.exec("insert into tidings_meta values ('version', 99)");
    application.close();
    const bytes = readFileSync(path);
    for (const open of [() => sqliteLog(path), () => startEpoch(path)]) {
      expect(open).toThrow(
        /^Cannot open the log in ".*": expected tables of version 4 or older, got version 99: .*upgrade this one/,
      );
    }
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test("this version refuses a log that a later version has upgraded", async () => {
    const path = temporaryPath();
    const file = openFile(path);
    prepareSchema(file, "another", NEXT);
    expect(() => refuseNewer(file)).toThrow("upgrade this one");
    expect(() => sqliteLog(path)).toThrow("upgrade this one");
  });

  test("entries that are deleted by hand leave a hole, and their seq is never used again", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    await log.append([entry("a", "1"), entry("b", "2"), entry("a", "3"), entry("a", "4")]);
    const head = await log.head();
    openApplication(path).exec("delete from tidings_entry where channel = 'a' and seq >= 3");
    const start = { ...head, seq: 0 };
    const wide = { entries: 100, bytes: 1e6 };
    expect(await log.read(start, ["a", "b"], wide)).toMatchObject({
      holes: [{ channel: "a", reason: "trimmed", to: 4 }],
      entries: [{ seq: 1 }, { seq: 2 }],
    });
    openApplication(path).exec("delete from tidings_entry");
    const reopened = openLog(path);
    expect(await reopened.head()).toEqual(head);
    expect(await reopened.append([entry("a", "5")])).toEqual([{ cursor: { ...head, seq: 5 }, duplicate: false }]);
    expect((await reopened.stat()).entries).toBe(1);
  });
});
