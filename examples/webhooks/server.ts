import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ContractError } from "@tidings/contract";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import express, { type ErrorRequestHandler } from "express";
import type { Receiver } from "./attempt.ts";
import { shop } from "./contract.ts";
import { openDeliveries } from "./deliveries.ts";
import { startReceiver } from "./receiver.ts";
import { sendAside, sendWebhooks } from "./send-webhooks.ts";

/** The shop, with the job in the same process. In a process of its own the job works as well. */
export function startShop(port: number, folder: string, receiver: Receiver) {
  const hub = createHub(shop, { log: sqliteLog(join(folder, "shop.db")), authorize: () => false });
  const deliveries = openDeliveries(join(folder, "deliveries.db"));
  const stopping = new AbortController();
  const options = { ...receiver, signal: stopping.signal };
  const job = sendWebhooks(hub, deliveries, options);
  const app = express().get("/aside", (_request, response) => void response.json(deliveries.readAside()));
  app.post("/aside", async (_request, response) => void response.json(await sendAside(deliveries, options)));
  app.post("/orders", express.json(), async (request, response) => {
    // Safe: `publish` checks the item against the contract, and `sendRefusal` answers what is wrong with it.
    const { item } = (request.body ?? {}) as { item: string };
    response.status(201).json(await hub.publish(shop.orders(), "placed", { item }));
  });
  app.use(sendRefusal);
  const server = app.listen(port, "127.0.0.1");
  /** Rejects with the error of the job if that has failed. Everything is closed then, too. */
  const stop = async (): Promise<void> => {
    const serverClosed = new Promise((resolve) => server.close(resolve));
    // In milliseconds. Otherwise a client that has got its answer could keep its connection for seconds.
    server.keepAliveTimeout = 1;
    stopping.abort();
    try {
      await job;
    } finally {
      // A running request needs the hub or the database.
      await serverClosed;
      await hub.close();
      deliveries.database.close();
    }
  };
  return { hub, deliveries, job, server, stop };
}

const sendRefusal: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (error instanceof ContractError) response.status(400).json({ code: error.code, detail: error.message });
  else next(error);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env["PORT"] ?? 3_000);
  const folder = join(tmpdir(), "tidings-webhooks");
  mkdirSync(folder, { recursive: true });
  const receiver = { url: `http://127.0.0.1:${port + 1}`, secret: randomBytes(32).toString("base64") };
  startReceiver(port + 1, join(folder, "receiver.db"), receiver.secret);
  const { job } = startShop(port, folder, receiver);
  // A job that has failed must not look like one that has nothing to do.
  job.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  console.log(`curl --json '{"item":"tea"}' http://127.0.0.1:${port}/orders\ncurl ${receiver.url}`);
}
