import { createRequire } from "node:module";
import type * as sqlite from "node:sqlite";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { shop } from "./contracts.ts";
import { publishedItems } from "./published-items.ts";
import { temporaryPath } from "./temporary-folder.ts";

// The same SQLite driver as in the log: that of Node, or libsql; this test uses what both have.
const builtin = process.getBuiltinModule("node:sqlite") as typeof sqlite | undefined;
const Database = builtin?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as typeof sqlite.DatabaseSync);

async function open() {
  const path = await temporaryPath("shop.db");
  const hub = createHub(shop, { log: sqliteLog(path), authorize: () => true });
  const database = new Database(path);
  database.exec("create table item (name text)");
  onTestFinished(async () => {
    await hub.close();
    database.close();
  });
  const published = () => publishedItems(hub);
  const rows = () => (database.prepare("select name from item").all() as { name: string }[]).map(({ name }) => name);
  return { hub, database, published, rows };
}

test("a row and its event commit together", async () => {
  const { hub, database, published, rows } = await open();
  database.exec("begin immediate");
  database.prepare("insert into item values (?)").run("tea");
  await hub.publishIn(database, shop.orders(), "placed", { item: "tea" });
  expect(await published()).toEqual([]);
  database.exec("commit");
  expect(rows()).toEqual(["tea"]);
  expect(await published()).toEqual(["tea"]);
});

test("a rollback removes the event of its transaction, and no other", async () => {
  const { hub, database, published, rows } = await open();
  await hub.publish(shop.orders(), "placed", { item: "before" });
  database.exec("begin immediate");
  database.prepare("insert into item values (?)").run("tea");
  await hub.publishIn(database, shop.orders(), "placed", { item: "tea" });
  // This publish runs outside the transaction, so it waits for the lock of the file.
  const other = hub.publish(shop.orders(), "placed", { item: "other" });
  await new Promise((resolve) => setImmediate(resolve));
  database.exec("rollback");
  await other;
  expect(rows()).toEqual([]);
  expect(await published()).toEqual(["before", "other"]);
});

test("invalid data publishes nothing, and the transaction goes on", async () => {
  const { hub, database, published } = await open();
  database.exec("begin immediate");
  await expect(hub.publishIn(database, shop.orders(), "placed", { item: 1 as never })).rejects.toThrow(
    /orders\.placed/,
  );
  await hub.publishIn(database, shop.orders(), "placed", { item: "tea" });
  database.exec("commit");
  expect(await published()).toEqual(["tea"]);
});

test("of two transactions that expect the same value, the second one publishes nothing, and can commit", async () => {
  const { hub, database, rows } = await open();
  const { id } = await hub.publish(shop.stock(), "count", { item: "tea", left: 1 });
  const buy = (name: string, expects: string) => {
    database.prepare("insert into item values (?)").run(name);
    return hub.publishIn(database, shop.stock(), "count", { item: "tea", left: 0 }, { expects });
  };
  database.exec("begin immediate");
  await buy("ada", id);
  database.exec("commit");
  database.exec("begin immediate");
  await expect(buy("bob", id)).rejects.toMatchObject({ name: "PublishError", code: "conflict" });
  database.prepare("update item set name = 'bob, too late' where name = 'bob'").run();
  database.exec("commit");
  expect(rows()).toEqual(["ada", "bob, too late"]);
});
