// Hono: the hub is one route. `toFetchHandler` uses Request and Response, so the same route works on Bun, Deno and
// workers.
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { Hono } from "hono";
import { z } from "zod";

const chat = defineContract({ room: channel("rooms/:room", { message: z.object({ text: z.string() }) }) });

/** The server. */
export function startHono(port: number) {
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true });
  const events = toFetchHandler(hub);
  const app = new Hono();
  app.all("/events", (context) => events(context.req.raw));
  app.post("/rooms/:room", async (context) => {
    const text = await context.req.text();
    const { id } = await hub.publish(chat.room(context.req.param()), "message", { text });
    return context.text(`${id}\n`, 201);
  });
  return { hub, server: serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { hub, server } = startHono(Number(port));
  process.once("SIGINT", () => {
    // First close the hub: a server does not close while a stream is open.
    void hub.close().then(() => server.close());
  });
  console.log(`curl -N 'http://127.0.0.1:${port}/events?channel=rooms/lobby&last=10'`);
  console.log(`curl -d hello http://127.0.0.1:${port}/rooms/lobby`);
}
