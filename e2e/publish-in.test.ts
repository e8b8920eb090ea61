import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as sqlite from "node:sqlite";
import { channel, defineContract } from "@tidings/contract";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";

const shop = defineContract({ orders: channel("orders", { placed: z.object({ item: z.string() }) }) });

// The SQLite that the log uses: Node's own, or libsql, of which the same is used here.
const builtin = process.getBuiltinModule("node:sqlite") as typeof sqlite | undefined;
const Database = builtin?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as typeof sqlite.DatabaseSync);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open() {
  const folder = mkdtempSync(join(tmpdir(), "tidings-publish-in-"));
  const path = join(folder, "shop.db");
  const hub = createHub(shop, { log: sqliteLog(path), authorize: () => true });
  const database = new Database(path);
  database.exec("create table item (name text)");
  closing.push(
    () => rmSync(folder, { recursive: true }),
    () => database.close(),
    () => hub.close(),
  );
  const published = async () => {
    const page = await hub.handle({
      method: "GET",
      url: "/events?channel=orders&last=100&protocol=1",
      headers: new Headers({ accept: "application/json" }),
      json: async () => null,
      signal: new AbortController().signal,
    });
    if (!("body" in page)) throw new Error("expected a page");
    expect(page).toMatchObject({ status: 200 });
    // The page is what PROTOCOL.md says.
    const { events } = JSON.parse(page.body) as { events: { data: { item: string } }[] };
    return events.map(({ data }) => data.item);
  };
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

test("a rollback takes the event along, and only its own", async () => {
  const { hub, database, published, rows } = await open();
  await hub.publish(shop.orders(), "placed", { item: "before" });
  database.exec("begin immediate");
  database.prepare("insert into item values (?)").run("tea");
  await hub.publishIn(database, shop.orders(), "placed", { item: "tea" });
  // Somebody else publishes meanwhile, and has to wait for the file.
  const other = hub.publish(shop.orders(), "placed", { item: "other" });
  await new Promise((resolve) => setImmediate(resolve));
  database.exec("rollback");
  await other;
  expect(rows()).toEqual([]);
  expect(await published()).toEqual(["before", "other"]);
});

test("bad data publishes nothing and leaves the transaction usable", async () => {
  const { hub, database, published } = await open();
  database.exec("begin immediate");
  await expect(hub.publishIn(database, shop.orders(), "placed", { item: 1 as never })).rejects.toThrow(
    /orders\.placed/,
  );
  await hub.publishIn(database, shop.orders(), "placed", { item: "tea" });
  database.exec("commit");
  expect(await published()).toEqual(["tea"]);
});
