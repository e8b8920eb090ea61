// A row and its event in one transaction, as with an outbox table, but without that table: the log is in the
// application's own SQLite file. Whatever happens in between, both are there or neither is.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as sqlite from "node:sqlite";
import { fileURLToPath } from "node:url";
import { channel, ContractError, defineContract } from "@tidings/contract";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express, { type ErrorRequestHandler } from "express";
import pLimit from "p-limit";
import { z } from "zod";

const orderSchema = z.object({ id: z.string(), item: z.string().min(1).max(100) });
export const shop = defineContract({ orders: channel("orders", { placed: orderSchema }) });

/** Node has SQLite from version 22.13 on. On Node 20 run `npm install libsql`; it has the same methods. */
function openDatabase(path: string): sqlite.DatabaseSync {
  // Safe: only methods that both libraries have are used.
  const builtin = process.getBuiltinModule("node:sqlite") as typeof sqlite | undefined;
  const Database = builtin?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as typeof sqlite.DatabaseSync);
  return new Database(path);
}

/** Opens the shop's database and the hub on its log. */
export function openShop(path: string) {
  const hub = createHub(shop, { log: sqliteLog(path), authorize: () => true });
  const database = openDatabase(path);
  database.exec("pragma busy_timeout = 5000; create table if not exists orders (id text primary key, item text)");
  // All requests share the handle. Without the queue, a request could write into the transaction of another request
  // while that one waits.
  const queue = pLimit(1);
  const transaction = (work: () => Promise<void>): Promise<void> =>
    queue(async () => {
      database.exec("begin immediate");
      try {
        await work();
        database.exec("commit");
      } catch (error) {
        database.exec("rollback");
        throw error;
      }
    });
  const placeOrder = async (item: string): Promise<string> => {
    const id = randomUUID();
    await transaction(async () => {
      await hub.publishIn(database, shop.orders(), "placed", { id, item });
      database.prepare("insert into orders (id, item) values (?, ?)").run(id, item);
    });
    return id;
  };
  return { hub, database, transaction, placeOrder };
}

/** The server. */
export function startShop(port: number, path: string) {
  const { hub, database, transaction, placeOrder } = openShop(path);
  const app = express().all("/events", toNodeHandler(hub));
  app.get("/orders", (_request, response) => void response.json(database.prepare("select * from orders").all()));
  app.post("/orders", express.json(), async (request, response) => {
    // Safe: `publish` checks the item against the contract.
    const { item } = (request.body ?? {}) as { item: string };
    response.status(201).json({ id: await placeOrder(item) });
  });
  app.use(sendContractError);
  return { hub, database, transaction, server: app.listen(port, "127.0.0.1") };
}

/**
 * Answers 400 if the customer's data does not fit the contract. The message says what is wrong. Without this handler
 * the answer is 500.
 */
const sendContractError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (!(error instanceof ContractError)) {
    next(error);
    return;
  }
  response.status(400).json({ code: error.code, detail: error.message });
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  startShop(Number(port), join(tmpdir(), "tidings-shop.db"));
  const url = `http://127.0.0.1:${port}`;
  console.log(`curl -N '${url}/events?channel=orders&last=10'\ncurl --json '{"item":"tea"}' ${url}/orders`);
}
