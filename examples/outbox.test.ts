import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { shop, startShop } from "./outbox.ts";

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-outbox-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "shop.db");
}

async function start(path = newPath()) {
  const { hub, database, transaction, server } = startShop(0, path);
  onTestFinished(async () => {
    await hub.close();
    database.close();
    server.close();
  });
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const order = (body: string) =>
    fetch(`${url}/orders`, { method: "POST", headers: { "content-type": "application/json" }, body });
  /** The items of the rows, and those of the events, both over HTTP and in the order they came. */
  const kept = async () => {
    const rows = (await (await fetch(`${url}/orders`)).json()) as { item: string }[];
    const headers = { accept: "application/json" };
    const page = await fetch(`${url}/events?channel=orders&last=100`, { headers });
    const { events } = (await page.json()) as { events: { data: { item: string } }[] };
    return { rows: rows.map(({ item }) => item), events: events.map(({ data }) => data.item) };
  };
  return { hub, database, transaction, order, kept, url };
}

test("an order is a row, and an event on the stream", async () => {
  const { order, kept, url } = await start();
  const stream = await fetch(`${url}/events?channel=orders`);
  const response = await order('{"item":"tea"}');
  expect(response.status).toBe(201);
  const { id } = (await response.json()) as { id: string };
  let text = "";
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.includes("orders:placed")) break;
  }
  expect(text).toContain(`event: orders:placed\ndata: {"id":"${id}","item":"tea"}\n`);
  expect(await kept()).toEqual({ rows: ["tea"], events: ["tea"] });
});

test("of transactions that wait for something at the same time, one rolls back, and takes nothing of the others along", async () => {
  const { hub, database, transaction, kept } = await start();
  const place = (item: string) =>
    transaction(async () => {
      await hub.publishIn(database, shop.orders(), "placed", { id: item, item });
      await setImmediate();
      if (item === "cup") throw new Error("the card was declined");
      database.prepare("insert into orders (id, item) values (?, ?)").run(item, item);
    });
  const placed = await Promise.allSettled(["tea", "cup", "kettle"].map((item) => place(item)));
  expect(placed.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await kept()).toEqual({ rows: ["tea", "kettle"], events: ["tea", "kettle"] });
});

test("a rollback leaves neither", async () => {
  const { hub, database, transaction, order, kept } = await start();
  await order('{"item":"tea"}');
  const failing = transaction(async () => {
    database.prepare("insert into orders (id, item) values ('1', 'cup')").run();
    await hub.publishIn(database, shop.orders(), "placed", { id: "1", item: "cup" });
    throw new Error("the card was declined");
  });
  await expect(failing).rejects.toThrow("the card was declined");
  await order('{"item":"kettle"}');
  expect(await kept()).toEqual({ rows: ["tea", "kettle"], events: ["tea", "kettle"] });
});

test.each([
  ["no item", "{}"],
  ["an item that is too long", JSON.stringify({ item: "x".repeat(101) })],
])("an order with %s is answered 400 with what was expected, and leaves neither", async (_, body) => {
  const { order, kept } = await start();
  const response = await order(body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    code: "invalid-data",
    detail: expect.stringMatching(/^orders\.placed: item: /),
  });
  expect(await kept()).toEqual({ rows: [], events: [] });
});

/** A shop that takes two orders; in the second it stands still before a call on its handle, or after the commit, and says so. */
const SCRIPT = `
import { writeSync } from "node:fs";
const [path, moment] = process.argv.slice(1);
const { openShop } = await import(${JSON.stringify(new URL("outbox.ts", import.meta.url).href)});
const { database, placeOrder } = openShop(path);
await placeOrder("tea");
const standStill = (now) => {
  if (now !== moment) return;
  writeSync(1, "here");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const prepare = database.prepare.bind(database);
database.prepare = (sql) => {
  if (sql.startsWith("insert into orders")) standStill("between event and row");
  return prepare(sql);
};
const exec = database.exec.bind(database);
database.exec = (sql) => {
  if (sql === "commit") standStill("before the commit");
  exec(sql);
  if (sql === "commit") standStill("after the commit");
};
await placeOrder("cup");
`;

test.each([
  ["between event and row", ["tea"]],
  ["before the commit", ["tea"]],
  ["after the commit", ["tea", "cup"]],
])("kill -9 %s leaves both or neither", async (moment, items) => {
  const path = newPath();
  const options = ["--import", "tsx", "--conditions", "@tidings/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, "--input-type=module", "-e", SCRIPT, path, moment], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit");
  expect(String(await Promise.race([once(child.stdout, "data"), exit]))).toBe("here");
  child.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);

  const { order, kept } = await start(path);
  expect(await kept()).toEqual({ rows: items, events: items });
  // And the file is as good as before.
  expect((await order('{"item":"kettle"}')).status).toBe(201);
  expect(await kept()).toEqual({ rows: [...items, "kettle"], events: [...items, "kettle"] });
});
