import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { driver, entry, everything, temporaryPath, openApplication, openLog } from "../trials/temporary-file.ts";
import type { Handle } from "./driver.ts";
import { openLogFile } from "./log-file.ts";
import { sqliteLog, startEpoch } from "./sqlite-log.ts";

describe(`the log's file, by ${driver.name}`, () => {
  test("a file that is not a database is refused with its name, and is not changed", () => {
    const path = temporaryPath();
    const text = "These are my notes, not a database. ".repeat(200);
    writeFileSync(path, text);
    for (const open of [() => sqliteLog(path), () => startEpoch(path)]) {
      expect(open).toThrow(
        `Cannot open the log in "${path}": file is not a database. ` +
          "The file is not a SQLite database and was left as it is",
      );
    }
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(readdirSync(dirname(path))).toEqual(["log.db"]);
  });

  test("a damaged database is refused when it is read at the latest, with advice, and is not changed", async () => {
    const path = temporaryPath();
    const log = sqliteLog(path);
    await log.append(Array.from({ length: 2_000 }, (_, n) => entry("a", `${n}`)));
    await log.close();
    const handle = driver.open(path);
    handle.exec("pragma wal_checkpoint(truncate)");
    handle.close();
    const file = openSync(path, "r+");
    // The first pages hold the definitions of the tables; damage later ones.
    for (let page = 30; page < 60; page++) writeSync(file, "damaged ".repeat(512), page * 4_096);
    closeSync(file);
    const damaged = readFileSync(path);

    const opened = openLog(path);
    await expect(everything(opened)).rejects.toThrow(
      new RegExp(`Cannot read the log in "${path}": .*malformed.* put a backup in its place and run startEpoch`),
    );
    await opened.close();
    expect(readFileSync(path).equals(damaged)).toBe(true);
  });

  test("a database in memory is refused, because every handle would have its own", () => {
    for (const path of [":memory:", ""]) expect(() => sqliteLog(path)).toThrow("use memoryLog()");
  });

  test("the error for a missing folder names the path and says that the folder must exist", () => {
    const path = join(dirname(temporaryPath()), "none", "log.db");
    expect(() => sqliteLog(path)).toThrow(/Cannot open the log in ".*none\/log\.db": .*The folder must exist/);
  });

  test("startEpoch refuses a path without a log, and creates no file", () => {
    const path = temporaryPath();
    expect(() => startEpoch(path)).toThrow(`Cannot find the log in "${path}": there is no such file`);
    expect(existsSync(path)).toBe(false);
    openApplication(path).exec("create table notes (text)");
    expect(() => startEpoch(path)).toThrow("expected a file with a log, got one without; check the path");
  });

  test("no handle is left open when opening fails half-way", () => {
    const path = temporaryPath();
    let open = 0;
    const counting = {
      name: driver.name,
      open(name: string): Handle {
        const handle = driver.open(name);
        open++;
        return {
          exec: (sql) => handle.exec(sql),
          prepare: (sql) => handle.prepare(sql),
          close() {
            open--;
            handle.close();
          },
        };
      },
    };
    const options = { synchronous: "normal", driver: counting } as const;
    const fail = () => {
      throw new Error("no");
    };
    expect(() => openLogFile(path, { ...options, check: fail })).toThrow("no");
    expect(() => openLogFile(path, { ...options, check: () => {}, prepare: fail })).toThrow("no");
    expect(open).toBe(0);
    openLogFile(path, { ...options, check: () => {} }).close();
    expect(open).toBe(0);
  });

  test("a file that another process switches to wal at the same moment is tried again, for five seconds", () => {
    let refusals = 0;
    /** A driver whose switch to wal is refused so many times. */
    const refusing = (times: number) => ({
      name: driver.name,
      open(name: string): Handle {
        const handle = driver.open(name);
        return {
          exec: (sql) => handle.exec(sql),
          close: () => handle.close(),
          prepare(sql) {
            const statement = handle.prepare(sql);
            if (!sql.includes("journal_mode")) return statement;
            const get = () => {
              if (refusals >= times) return statement.get();
              refusals++;
              throw Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY", rawCode: 5, errcode: 5 });
            };
            return { run: (...values) => statement.run(...values), all: (...values) => statement.all(...values), get };
          },
        };
      },
    });
    const options = { synchronous: "normal", check: () => {} } as const;
    openLogFile(temporaryPath(), { ...options, driver: refusing(3) }).close();
    expect(refusals).toBe(3);
    expect(() => openLogFile(temporaryPath(), { ...options, driver: refusing(Infinity) })).toThrow(
      "database is locked",
    );
    expect(refusals).toBeGreaterThan(100);
  });

  test("a log can be opened during another handle's transaction, since opening does not write", async () => {
    const path = temporaryPath();
    await openLog(path).append([entry("a", "1")]);
    const application = openApplication(path);
    application.exec("begin immediate");
    const log = openLog(path);
    expect(await everything(log)).toEqual(["1"]);
    application.exec("commit");
  });

  test.each([
    ["deleted", (path: string) => rmSync(path)],
    ["replaced by a copy", (path: string) => renameSync(`${path}.copy`, path)],
  ])(
    "a file that was %s while it is open refuses appends, which would be lost, and can still be read",
    async (_, act) => {
      const path = temporaryPath();
      const log = openLog(path);
      await log.append([entry("a", "1")]);
      const application = openApplication(path);
      application.exec(`vacuum into '${path}.copy'`);
      application.exec("begin immediate");
      act(path);
      await expect(log.appendIn(application, [entry("a", "2")])).rejects.toThrow(
        /deleted or replaced .* run startEpoch\(\)/,
      );
      application.exec("rollback");
      await expect(log.append([entry("a", "3")])).rejects.toThrow(
        `Cannot write to the log in "${path}": the file was deleted or replaced while it was open. Stop the server,`,
      );
      expect(await everything(log)).toEqual(["1"]);
    },
  );

  test.each([
    ["a symbolic link", (real: string, link: string) => (symlinkSync(real, link), link)],
    ["a URI", (real: string) => `file:${real}`],
  ])(
    "by %s, too, a -wal file that is deleted while it is open refuses appends, which would be lost",
    async (_, name) => {
      const path = temporaryPath();
      const named = name(path, join(dirname(temporaryPath()), "link.db"));
      const log = openLog(named);
      await log.append([entry("a", "1")]);
      rmSync(`${path}-wal`);
      await expect(log.append([entry("a", "2")])).rejects.toThrow("the -wal or -shm file beside it was deleted");
    },
  );

  test("a URI whose file was replaced while it is open refuses appends", async () => {
    const path = temporaryPath();
    const log = openLog(`file:${path}`);
    await log.append([entry("a", "1")]);
    openApplication(path).exec(`vacuum into '${path}.copy'`);
    renameSync(`${path}.copy`, path);
    await expect(log.append([entry("a", "2")])).rejects.toThrow("the file was deleted or replaced");
  });

  test("a symbolic link that leads to another file while it is open refuses appends", async () => {
    const [path, other] = [temporaryPath(), temporaryPath()];
    const link = join(dirname(path), "link.db");
    symlinkSync(path, link);
    const log = openLog(link);
    await log.append([entry("a", "1")]);
    await openLog(other).append([entry("a", "1")]);
    rmSync(link);
    symlinkSync(other, link);
    await expect(log.append([entry("a", "2")])).rejects.toThrow("the file was deleted or replaced");
  });

  test("it can share the application's file, and does not change its tables", async () => {
    const path = temporaryPath();
    const application = openApplication(path);
    application.exec("create table notes (text); insert into notes values ('mine')");
    await openLog(path).append([entry("a", "1")]);
    expect(application.prepare("select text from notes").all()).toMatchObject([{ text: "mine" }]);
    const names = application.prepare("select name from sqlite_master where name not like 'sqlite_%'").all();
    expect(names.map(({ name }) => String(name)).filter((name) => !name.startsWith("tidings_"))).toEqual(["notes"]);
  });

  test.each([
    ["normal", 1],
    ["full", 2],
  ] as const)("synchronous %s is passed on to SQLite", (synchronous, value) => {
    const file = openLogFile(temporaryPath(), { synchronous, check: () => {} });
    expect(file.prepare("pragma synchronous").get()).toMatchObject({ synchronous: value });
    file.close();
  });
});
