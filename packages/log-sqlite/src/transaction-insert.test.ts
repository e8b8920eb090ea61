import { describe, expect, test } from "vitest";
import {
  driver,
  entry,
  everything,
  temporaryPath,
  openApplication,
  openLog,
  openWithAnotherBuild,
  nextWake,
} from "../trials/temporary-file.ts";

async function openBoth() {
  const path = temporaryPath();
  const application = openApplication(path);
  const log = openLog(path);
  application.exec("create table notes (text)");
  const rows = () =>
    application
      .prepare("select text from notes order by rowid")
      .all()
      .map(({ text }) => text);
  return { path, application, log, rows };
}

describe(`publishing inside the application's transaction, by ${driver.name}`, () => {
  test("the row and its entries become visible together at the commit, and watchers are woken", async () => {
    const { application, log, rows } = await openBoth();
    const head = await log.head();
    const woken = nextWake(log);
    application.exec("begin immediate");
    application.prepare("insert into notes values (?)").run("note");
    await log.appendIn(application, [entry("a", "1"), entry("a", "2")]);
    expect(await log.head()).toEqual(head);
    expect(await everything(log)).toEqual([]);
    application.exec("commit");
    await woken;
    expect(await everything(log)).toEqual(["1", "2"]);
    expect(rows()).toEqual(["note"]);
  });

  test("the inserts have run when the call returns, before its promise resolves", async () => {
    const { application, log } = await openBoth();
    application.exec("begin immediate");
    const appending = log.appendIn(application, [entry("a", "1")]);
    application.exec("commit");
    const afterCommit = everything(log);
    await appending;
    expect(await afterCommit).toEqual(["1"]);
  });

  test("a rollback of one of several requests removes only its row and entries, and no seq is used twice", async () => {
    const { application, log, rows } = await openBoth();
    // One handle has one transaction at a time, so a request does not await anything inside its transaction.
    const request = async (name: string, fails: boolean) => {
      await Promise.resolve();
      application.exec("begin immediate");
      try {
        application.prepare("insert into notes values (?)").run(name);
        const appending = log.appendIn(application, [entry("a", `${name}:1`), entry("b", `${name}:2`)]);
        if (fails) throw new Error("on second thought");
        application.exec("commit");
        await appending;
      } catch {
        application.exec("rollback");
      }
    };
    const others = Array.from({ length: 5 }, (_, n) => log.append([entry("c", `other:${n}`)]));
    await Promise.all([request("one", false), request("two", true), request("three", false), ...others]);
    const appended = (await Promise.all(others)).flat();
    expect(rows()).toEqual(["one", "three"]);
    const stored = await everything(log);
    expect(stored.filter((data) => !data.startsWith("other"))).toEqual(["one:1", "one:2", "three:1", "three:2"]);
    expect(stored.filter((data) => data.startsWith("other"))).toHaveLength(5);
    const { epoch, seq } = await log.head();
    expect(seq).toBe(9);
    const { entries } = await log.read({ epoch, seq: 0 }, ["c"], { entries: 100, bytes: 1e6 });
    expect(entries.map((each) => each.seq)).toEqual(appended.map(({ cursor }) => cursor.seq));
  });

  test("transactions on different handles that stay open across an await run one after the other", async () => {
    const { path, application, log } = await openBoth();
    const other = openApplication(path);
    application.exec("begin immediate");
    await log.appendIn(application, [entry("a", "rolled back")]);
    const own = log.append([entry("a", "own")]);
    // The other handle does not wait inside SQLite, so it fails at once.
    expect(() => other.exec("begin immediate")).toThrow("locked");
    await new Promise((resolve) => setTimeout(resolve, 10));
    application.exec("rollback");
    await own;
    other.exec("begin immediate");
    await log.appendIn(other, [entry("a", "committed")]);
    other.exec("commit");
    expect(await everything(log)).toEqual(["own", "committed"]);
  });

  test("transactions that queue for one handle may await their publishes", async () => {
    const { application, log, rows } = await openBoth();
    let last: Promise<unknown> = Promise.resolve();
    const transaction = (work: () => Promise<void>): Promise<void> => {
      const previous = last;
      const run = async () => {
        await previous;
        application.exec("begin immediate");
        try {
          await work();
          application.exec("commit");
        } catch (error) {
          application.exec("rollback");
          throw error;
        }
      };
      const done = run();
      last = done.catch(() => {});
      return done;
    };
    const request = (name: string) =>
      transaction(async () => {
        application.prepare("insert into notes values (?)").run(name);
        await log.appendIn(application, [entry("a", name)]);
        await new Promise((resolve) => setImmediate(resolve));
        if (name === "two") throw new Error("on second thought");
      });
    const requests = await Promise.allSettled([
      request("one"),
      request("two"),
      log.append([entry("b", "own")]),
      request("three"),
    ]);
    expect(requests.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(rows()).toEqual(["one", "three"]);
    expect((await everything(log)).filter((data) => data !== "own")).toEqual(["one", "three"]);
    expect(await everything(log)).toContain("own");
  });

  test("an ordinary append during the caller's own transaction fails in time, and the error says why", async () => {
    const path = temporaryPath();
    const log = openLog(path, { patience: 30 });
    const application = openApplication(path);
    application.exec("begin immediate");
    await expect(log.append([entry("a", "1")])).rejects.toThrow("publish inside one with publishIn");
    application.exec("rollback");
  });

  test("an entry with a used key is not published, and does not make the call fail", async () => {
    const { application, log } = await openBoth();
    await log.append([entry("a", "1", { idempotencyKey: "key" })]);
    application.exec("begin immediate");
    await log.appendIn(application, [entry("a", "again", { idempotencyKey: "key" }), entry("a", "2")]);
    application.exec("commit");
    expect(await everything(log)).toEqual(["1", "2"]);
  });

  test("a batch that fails half-way is not published, even if the application commits", async () => {
    const { application, log, rows } = await openBoth();
    application.exec(`
      create trigger refusal before insert on tidings_entry when new.channel = 'refused'
        begin select raise(abort, 'not this one'); end;
      begin immediate`);
    application.prepare("insert into notes values (?)").run("note");
    await expect(log.appendIn(application, [entry("a", "1"), entry("refused", "2")])).rejects.toThrow("not this one");
    await log.appendIn(application, [entry("a", "3")]);
    application.exec("commit");
    expect(rows()).toEqual(["note"]);
    expect(await everything(log)).toEqual(["3"]);
  });

  test.each([
    ["no log", () => openApplication(temporaryPath())],
    [
      "another log",
      () => {
        const path = temporaryPath();
        openLog(path);
        return openApplication(path);
      },
    ],
  ])("a handle of a file with %s is refused, and nothing is written into that file", async (_, openOther) => {
    const { path, log } = await openBoth();
    const other = openOther();
    const before = Number(other.prepare("select total_changes() as n").get()?.["n"]);
    await expect(log.appendIn(other, [entry("a", "1")])).rejects.toThrow(
      `Cannot publish inside a transaction to the log in "${path}": ` +
        "expected a handle that has opened this file, got one of another",
    );
    expect(Number(other.prepare("select total_changes() as n").get()?.["n"])).toBe(before);
  });

  test("a handle of another build of SQLite is refused, because it does not see the log's locks", async () => {
    const { path, log } = await openBoth();
    const other = openWithAnotherBuild(path);
    other.exec("begin");
    other.prepare("insert into notes values (?)").run("note");
    // A second attempt is also refused.
    for (const data of ["1", "2"]) {
      await expect(log.appendIn(other, [entry("a", data)])).rejects.toThrow(
        `Cannot publish inside a transaction to the log in "${path}": ` +
          `expected a handle of ${driver.name}, which the log uses`,
      );
    }
    other.exec("commit");
    expect(await everything(log)).toEqual([]);
    await log.append([entry("a", "own")]);
    expect(await everything(log)).toEqual(["own"]);
  });

  test("a handle without an open transaction publishes at once", async () => {
    const { application, log } = await openBoth();
    await log.appendIn(application, [entry("a", "1")]);
    await log.appendIn(application, [entry("a", "2")]);
    expect(await everything(log)).toEqual(["1", "2"]);
  });

  test("a closed log publishes nothing", async () => {
    const { application, log } = await openBoth();
    await log.close();
    await expect(log.appendIn(application, [entry("a", "1")])).rejects.toThrow("Expected an open log");
  });
});
