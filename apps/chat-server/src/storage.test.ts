import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  addRoom,
  describeEventLoop,
  describeSharedStorage,
  describeStorage,
  openTestStorage,
  storedRooms,
} from "../test/describe-storage.ts";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { openHandle } from "./storage/open-handle.ts";
import { tablesIn } from "./tables.ts";

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-storage-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "chat.db");
}

describeSharedStorage("a file", () => ({ kind: "sqlite", path: newFile() }));
describeStorage("memory", () => ({ kind: "memory" }));

describeEventLoop("a file", 5, () => ({ kind: "sqlite", path: newFile() }));
// In memory, one transaction is one turn.
describeEventLoop("memory", 12, () => ({ kind: "memory" }));

test("a transaction that cannot begin is refused when its patience ends, together with those that wait", async () => {
  const path = newFile();
  const storage = await openTestStorage({ kind: "sqlite", path });
  const other = openHandle(path);
  onTestFinished(() => other.close());
  other.exec("begin immediate");
  const begun = performance.now();
  const writes = ["one", "two", "three"].map((name) => addRoom(storage, name));
  for (const outcome of await Promise.allSettled(writes)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { name: "WriteRefused" } });
  }
  // The patience is five seconds for all together.
  expect(performance.now() - begun).toBeLessThan(9_000);
  other.exec("rollback");
  await addRoom(storage, "four");
  expect(await storedRooms(storage)).toEqual(["lobby", "four"]);
});

test("closing does not wait for another program that writes", async () => {
  const path = newFile();
  const storage = await openTestStorage({ kind: "sqlite", path });
  const other = openHandle(path);
  onTestFinished(() => other.close());
  other.exec("begin immediate");
  let begin = () => {};
  const waits = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const write = storage.prepareAndWrite(
    async () => begin(),
    async () => {},
  );
  const writing = write.catch(String);
  await waits;
  const begun = performance.now();
  await storage.close();
  expect(await writing).toMatch(/Another program/);
  expect(performance.now() - begun).toBeLessThan(3_000);
  other.exec("rollback");
});

test("in an older file, people whose names look the same stay, and nobody else can come to them", async () => {
  const path = newFile();
  const old = openHandle(path);
  old.exec("drop table outbox; drop index rooms_opened_by; alter table rooms drop column opened_by");
  old.exec("drop index people_away; drop index ended_sessions_expiry; drop index ended_sessions_person");
  old.exec("alter table ended_sessions drop column person");
  old.exec("alter table people drop column seen_at; alter table people drop column has_written");
  old.exec("drop table answers; delete from people; pragma user_version = 2");
  // The forms that version 2 has stored: in lower case, with joiners.
  for (const [name, folded] of [
    ["Ada", "ada"],
    ["ADA", "ada"],
    ["سا\u200cرا", "سا\u200cرا"],
    ["\u0410nna", "\u0430nna"],
  ] as const) {
    old.prepare("insert into people (name, folded) values (?, ?)").run(name, folded);
  }
  const said =
    "insert into messages (id, room_id, number, author, said, sent_at) values ('m', 'lobby', 1, 'Ada', '{}', 0)";
  old.exec(said);
  for (const id of ["raum", "raum-2"]) {
    const name = id === "raum" ? "Straße" : "Strasse";
    old.prepare("insert into rooms (id, name, folded) values (?, ?, ?)").run(id, name, name.toLowerCase());
  }
  old.close();
  const { people, rooms } = tablesIn(openSqliteDatabase(path));
  for (const name of ["Ada", "ADA", "سا\u200cرا"]) expect(await people.has(name)).toBe(true);
  expect(await people.lookAlikes("ada")).toEqual(["ADA", "Ada"]);
  expect(await people.lookAlikes("سارا")).toEqual(["سا\u200cرا"]);
  expect(await people.lookAlikes("Anna")).toEqual(["\u0410nna"]);
  // Ada has written.
  expect(await people.findAway(0, 1)).toEqual(["ADA"]);
  for (const name of ["ADA", "\u0410nna", "سا\u200cرا"]) await people.remove(name);
  expect(await people.findAway(0, 1)).toEqual([]);
  // Both rooms stay. The name leads to the older one that has its form.
  expect((await rooms.all()).map(({ id }) => id)).toEqual(["lobby", "raum", "raum-2"]);
  expect(await rooms.findByName("STRASSE")).toMatchObject({ id: "raum-2" });
});

test("a file of a newer version is refused and not changed", () => {
  const path = newFile();
  const database = openHandle(path);
  database.exec("pragma user_version = 99");
  expect(() => openHandle(path)).toThrow(/version 10 or older, got version 99/);
  expect(database.prepare("pragma user_version").get()).toMatchObject({ user_version: 99 });
  database.close();
});
