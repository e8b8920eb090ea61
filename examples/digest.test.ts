import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { keepDigest, openDigest, shop, startShop } from "./digest.ts";

/** Ten times what is normal, on a busy machine. */
const PATIENCE = { timeout: 15_000, interval: 20 };

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-digest-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A digest in a folder, and the shop that publishes. */
function open(folder = newFolder()) {
  const digest = openDigest(join(folder, "digest.db"));
  const hub = createHub(shop, { log: sqliteLog(join(folder, "shop.db")), authorize: () => false });
  onTestFinished(async () => {
    await hub.close();
    digest.database.close();
  });
  const order = (item: string) => hub.publish(shop.orders(), "placed", { item });
  return { folder, digest, hub, order };
}

test("an order over HTTP becomes a line of the digest", async () => {
  const { hub, digest, job, server } = startShop(0, newFolder());
  onTestFinished(async () => {
    await hub.close();
    await job;
    digest.database.close();
    server.close();
  });
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/orders`, { method: "POST", headers, body: '{"item":"tea"}' });
  expect(response.status).toBe(201);
  const lines = async (): Promise<unknown> => (await fetch(`${url}/digest`)).json();
  await expect.poll(lines, PATIENCE).toEqual(["ordered: tea"]);
});

test("orders and reviews come in their order, also those of before the job began", async () => {
  const { hub, digest, order } = open();
  await order("tea");
  await hub.publish(shop.reviews(), "written", { item: "tea", stars: 5 });
  void keepDigest(hub, digest);
  await order("cup");
  await expect.poll(digest.readLines, PATIENCE).toEqual(["ordered: tea", "5 stars for tea", "ordered: cup"]);
});

test("what retention has dropped is said in the digest", async () => {
  const log = memoryLog({ keep: { entries: 1 }, burst: 0 });
  const hub = createHub(shop, { log, authorize: () => false });
  const { digest } = open();
  for (const item of ["tea", "cup"]) await hub.publish(shop.orders(), "placed", { item });
  const job = keepDigest(hub, digest);
  await expect.poll(digest.readLines, PATIENCE).toHaveLength(2);
  expect(digest.readLines()).toEqual(["Some orders are not in this digest (trimmed).", "ordered: cup"]);
  await hub.close();
  await job;
});

test("a job that cannot write a line stops there, and its next run goes on with that line", async () => {
  const { hub, digest, order } = open();
  await order("tea");
  await order("cup");
  const full = { ...digest, add: () => expect.fail("the disk is full") };
  await expect(keepDigest(hub, full)).rejects.toThrow("the disk is full");
  void keepDigest(hub, digest);
  await expect.poll(digest.readLines, PATIENCE).toEqual(["ordered: tea", "ordered: cup"]);
});

/** The job in a process of its own. At its third line it prints "here" at the given moment, and then blocks. */
const SCRIPT = `
import { writeSync } from "node:fs";
import { join } from "node:path";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
const [folder, moment] = process.argv.slice(1);
const { keepDigest, openDigest, shop } = await import(${JSON.stringify(new URL("digest.ts", import.meta.url).href)});
const hub = createHub(shop, { log: sqliteLog(join(folder, "shop.db")), authorize: () => false });
const { database, ...digest } = openDigest(join(folder, "digest.db"));
let lines = 0;
const blockAt = (now) => {
  if (now !== moment || lines < 3) return;
  writeSync(1, "here");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const exec = database.exec.bind(database);
database.exec = (sql) => {
  if (sql === "begin immediate") lines++;
  if (sql === "begin immediate") blockAt("before the transaction");
  if (sql === "commit") blockAt("before the commit");
  exec(sql);
  if (sql === "commit") blockAt("after the commit");
};
const prepare = database.prepare.bind(database);
database.prepare = (sql) => {
  if (sql.startsWith("insert or replace")) blockAt("between line and position");
  return prepare(sql);
};
await keepDigest(hub, digest);
`;

test.each([
  ["before the transaction", 2],
  ["between line and position", 2],
  ["before the commit", 2],
  ["after the commit", 3],
])("kill -9 %s loses no line, and repeats none", async (moment, written) => {
  const { folder, digest, hub, order } = open();
  const items = ["tea", "cup", "kettle", "cake"];
  const lines = items.map((item) => `ordered: ${item}`);
  const options = ["--import", "tsx", "--conditions", "@tidings/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, "--input-type=module", "-e", SCRIPT, folder, moment], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit");
  // Two of them come while the job already waits for events, or before it has begun.
  await order("tea");
  await order("cup");
  await order("kettle");
  expect(String(await Promise.race([once(child.stdout, "data"), exit]))).toBe("here");
  child.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);
  expect(digest.readLines()).toEqual(lines.slice(0, written));

  await order("cake");
  void keepDigest(hub, digest);
  await expect.poll(digest.readLines, PATIENCE).toHaveLength(4);
  expect(digest.readLines()).toEqual(lines);
});
