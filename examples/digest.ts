// A job that follows events: it writes a line into the digest of the day for each order and each review. It keeps its
// position in the same database as the lines and in the same transaction. So whenever the process dies, nothing is
// missing afterwards, and nothing is there twice.
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as sqlite from "node:sqlite";
import { fileURLToPath } from "node:url";
import { channel, defineContract } from "@tidings/contract";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, type Hub, type ReaderItem } from "@tidings/server";
import express from "express";
import { z } from "zod";

export const shop = defineContract({
  orders: channel("orders", { placed: z.object({ item: z.string().min(1).max(100) }) }),
  reviews: channel("reviews", { written: z.object({ item: z.string(), stars: z.number().int().min(1).max(5) }) }),
});

/** Node has SQLite from version 22.13 on. On Node 20 run `npm install libsql`; it has the same methods. */
function openDatabase(path: string): sqlite.DatabaseSync {
  // Safe: only methods that both libraries have are used.
  const builtin = process.getBuiltinModule("node:sqlite") as typeof sqlite | undefined;
  const Database = builtin?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as typeof sqlite.DatabaseSync);
  return new Database(path);
}

/** Opens the digest: its lines, and the position up to which they say everything. */
export function openDigest(path: string) {
  const database = openDatabase(path);
  // Others may read the digest while the job writes it: they do not wait for each other.
  database.exec(`
    pragma busy_timeout = 5000;
    pragma journal_mode = wal;
    create table if not exists line (number integer primary key, text text not null);
    create table if not exists position (id integer primary key check (id = 1), cursor text not null);
  `);
  return {
    database,
    /** Null before the first line: the job then begins with the oldest event that the log has. */
    readCursor: () => (database.prepare("select cursor from position").get()?.["cursor"] as string | undefined) ?? null,
    readLines: () =>
      database
        .prepare("select text from line order by number")
        .all()
        .map((row) => String(row["text"])),
    /** Both or neither. Nothing waits in between, so no other work comes into the transaction. */
    add(text: string, cursor: string): void {
      database.exec("begin immediate");
      try {
        database.prepare("insert into line (text) values (?)").run(text);
        database.prepare("insert or replace into position values (1, ?)").run(cursor);
        database.exec("commit");
      } catch (error) {
        database.exec("rollback");
        throw error;
      }
    },
  };
}

/** The job. It ends with the hub, and rejects if a line cannot be written: then nothing after it is written either. */
export async function keepDigest(
  hub: Pick<Hub<typeof shop>, "events">,
  digest: Pick<ReturnType<typeof openDigest>, "readCursor" | "add">,
): Promise<void> {
  const items = hub.events([shop.orders(), shop.reviews()], { after: digest.readCursor() });
  for await (const item of items) digest.add(lineOf(item), item.cursor);
}

function lineOf(item: ReaderItem<typeof shop, "orders" | "reviews">): string {
  switch (item.kind) {
    case "event":
      return item.name === "orders" ? `ordered: ${item.data.item}` : `${item.data.stars} stars for ${item.data.item}`;
    case "gap":
      return `Some ${item.name} are not in this digest (${item.reason}).`;
    case "invalid":
      // A newer version of the shop has published it. The job stops here, and its next version goes on from here.
      throw new Error(`Expected a ${item.type} of ${item.name} that this version knows.`, { cause: item.error });
  }
}

/** The server, with the job in the same process. In a process of its own the job works as well. */
export function startShop(port: number, folder: string) {
  const hub = createHub(shop, { log: sqliteLog(join(folder, "shop.db")), authorize: () => false });
  const digest = openDigest(join(folder, "digest.db"));
  const job = keepDigest(hub, digest);
  const app = express().get("/digest", (_request, response) => void response.json(digest.readLines()));
  app.post("/orders", express.json(), async (request, response) => {
    // Safe: `publish` checks the item against the contract.
    const { item } = (request.body ?? {}) as { item: string };
    response.status(201).json(await hub.publish(shop.orders(), "placed", { item }));
  });
  return { hub, digest, job, server: app.listen(port, "127.0.0.1") };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { job } = startShop(Number(port), tmpdir());
  // A job that has failed must not look like one that has nothing to do.
  job.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  const url = `http://127.0.0.1:${port}`;
  console.log(`curl --json '{"item":"tea"}' ${url}/orders\ncurl ${url}/digest`);
}
