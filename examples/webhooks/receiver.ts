// The other server: it takes webhooks.
import express from "express";
import { openDatabase } from "./database.ts";
import { isSameSignature, sign } from "./signature.ts";

/** The other server. It takes only what the shop has sent in the last five minutes, and each order once. */
export function startReceiver(port: number, path: string, secret: string) {
  const database = openDatabase(path);
  database.exec("create table if not exists received (id text primary key, body text not null)");
  const readReceived = () =>
    database
      .prepare("select body from received order by rowid")
      .all()
      .map(({ body }): unknown => JSON.parse(String(body)));
  const app = express().get("/", (_request, response) => void response.json(readReceived()));
  app.post("/", express.text({ type: "application/json" }), (request, response) => {
    const id = request.get("webhook-id") ?? "";
    const timestamp = Number(request.get("webhook-timestamp"));
    const body = String(request.body);
    const isNew = Math.abs(Date.now() / 1_000 - timestamp) < 300;
    const signature = request.get("webhook-signature") ?? "";
    if (!isNew || !isSameSignature(sign({ id, timestamp, body }, secret), signature)) {
      response.status(401).end();
      return;
    }
    // The id is the key of the row, so an order that comes twice is one row.
    database.prepare("insert or ignore into received values (?, ?)").run(id, body);
    response.status(204).end();
  });
  return { database, readReceived, server: app.listen(port, "127.0.0.1") };
}
