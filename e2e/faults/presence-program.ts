// A server with presence in a process of its own, which tests may kill. Its arguments are the file of its log, or the
// URL of a PostgreSQL and a schema of it.
import { once } from "node:events";
import { createServer } from "node:http";
import { postgresLog } from "@tidings/log-postgres";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, type Hub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { createPresence, type Presence } from "@tidings/server/presence";
import { listeningServer } from "../listen.ts";
import { app, type App } from "../presence/contract.ts";

const [place = "", schema] = process.argv.slice(2);
const hub: Hub<App> = createHub(app, {
  log: schema === undefined ? sqliteLog(place) : await postgresLog(place, { schema }),
  authenticate: ({ headers }) => ({ id: headers.get("x-user") ?? "nobody" }),
  authorize: () => true,
  onConnect: (stream) => presence.connect(stream),
  onDisconnect: (stream) => presence.disconnect(stream),
});
const presence: Presence<App> = createPresence(hub, { contract: app, servers: app.servers() });

const server = createServer(toNodeHandler(hub));
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`A server with presence listens at http://127.0.0.1:${listeningServer(server).port}`);

process.once("SIGTERM", () => {
  server.close();
  void presence
    .close()
    .then(() => hub.close())
    .then(() => process.exit(0));
});
