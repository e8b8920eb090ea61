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
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const order = (body: string) =>
    fetch(`${url}/orders`, { method: "POST", headers: { "content-type": "application/json" }, body });
  /** Reads the items of all rows and of all events over HTTP, in their order. */
  const readStored = async () => {
    const rows = (await (await fetch(`${url}/orders`)).json()) as { item: string }[];
    const headers = { accept: "application/json" };
    const page = await fetch(`${url}/events?channel=orders&last=100`, { headers });
    const { events } = (await page.json()) as { events: { data: { item: string } }[] };
    return { rows: rows.map(({ item }) => item), events: events.map(({ data }) => data.item) };
  };
  return { hub, database, transaction, order, readStored, url };
}

test("an order becomes a row, and an event on the stream", async () => {
  const { order, readStored, url } = await start();
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
  expect(await readStored()).toEqual({ rows: ["tea"], events: ["tea"] });
});

test("of several transactions at the same time, one rolls back, and the others are not affected", async () => {
  const { hub, database, transaction, readStored } = await start();
  const place = (item: string) =>
    transaction(async () => {
      await hub.publishIn(database, shop.orders(), "placed", { id: item, item });
      await setImmediate();
      if (item === "cup") throw new Error("the card was declined");
      database.prepare("insert into orders (id, item) values (?, ?)").run(item, item);
    });
  const placed = await Promise.allSettled(["tea", "cup", "kettle"].map((item) => place(item)));
  expect(placed.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await readStored()).toEqual({ rows: ["tea", "kettle"], events: ["tea", "kettle"] });
});

test("a rollback leaves neither row nor event", async () => {
  const { hub, database, transaction, order, readStored } = await start();
  await order('{"item":"tea"}');
  const failing = transaction(async () => {
    database.prepare("insert into orders (id, item) values ('1', 'cup')").run();
    await hub.publishIn(database, shop.orders(), "placed", { id: "1", item: "cup" });
    throw new Error("the card was declined");
  });
  await expect(failing).rejects.toThrow("the card was declined");
  await order('{"item":"kettle"}');
  expect(await readStored()).toEqual({ rows: ["tea", "kettle"], events: ["tea", "kettle"] });
});

test.each([
  ["no item", "{}"],
  ["an item that is too long", JSON.stringify({ item: "x".repeat(101) })],
])("an order with %s gets a 400 that says what was expected, and leaves neither row nor event", async (_, body) => {
  const { order, readStored } = await start();
  const response = await order(body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    code: "invalid-data",
    detail: expect.stringMatching(/^orders\.placed: item: /),
  });
  expect(await readStored()).toEqual({ rows: [], events: [] });
});

/**
 * A shop that takes two orders. During the second one it prints "here" at the given moment, and then blocks for ever.
 */
const SCRIPT = `
import { writeSync } from "node:fs";
const [path, moment] = process.argv.slice(1);
const { openShop } = await import(${JSON.stringify(new URL("outbox.ts", import.meta.url).href)});
const { database, placeOrder } = openShop(path);
await placeOrder("tea");
const blockAt = (now) => {
  if (now !== moment) return;
  writeSync(1, "here");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const prepare = database.prepare.bind(database);
database.prepare = (sql) => {
  if (sql.startsWith("insert into orders")) blockAt("between event and row");
  return prepare(sql);
};
const exec = database.exec.bind(database);
database.exec = (sql) => {
  if (sql === "commit") blockAt("before the commit");
  exec(sql);
  if (sql === "commit") blockAt("after the commit");
};
await placeOrder("cup");
`;

test.each([
  ["between event and row", ["tea"]],
  ["before the commit", ["tea"]],
  ["after the commit", ["tea", "cup"]],
])("kill -9 %s leaves both row and event, or neither", async (moment, items) => {
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

  const { order, readStored } = await start(path);
  expect(await readStored()).toEqual({ rows: items, events: items });
  // The file still works.
  expect((await order('{"item":"kettle"}')).status).toBe(201);
  expect(await readStored()).toEqual({ rows: [...items, "kettle"], events: [...items, "kettle"] });
});
