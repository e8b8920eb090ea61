import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, type Hub } from "@tidings/server";
import { takeStreams, toNodeHandler } from "@tidings/server/node";
import { z } from "zod";
import { streamRequest, type ServedPeer } from "../peers/peer.ts";

const chat = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ n: z.number(), text: z.string() }) }),
  inbox: channel("users/:userId/inbox", { message: z.object({ n: z.number(), text: z.string() }) }),
});

type Serve = (hub: Hub<typeof chat>) => Server;

const onHttp: Serve = (hub) => createServer(toNodeHandler(hub));

const onBareSockets: Serve = (hub) => {
  const server = onHttp(hub);
  takeStreams(server, { hub, path: "/events" });
  return server;
};

/** Set up as the README says. A connection follows the paths of the query, and events are published to one room. */
function tidingsWith(
  name: string,
  query: string,
  roomId: string,
  openLog: (folder: string) => EventLog,
  serve = onHttp,
): ServedPeer {
  const room = chat.room({ roomId });
  return {
    name,
    request: streamRequest(`/events?protocol=1&${query}`),
    serve(folder) {
      const hub = createHub(chat, { log: openLog(folder), authorize: () => true });
      return {
        server: serve(hub),
        publish: (message) => hub.publish(room, "message", message),
      };
    },
  };
}

const inMemory = () => memoryLog();
const LOBBY = "channel=rooms/lobby";

export const tidings = tidingsWith("Tidings", LOBBY, "lobby", inMemory);

export const tidingsBare = tidingsWith("Tidings, bare sockets", LOBBY, "lobby", inMemory, onBareSockets);

export const tidingsSqlite = tidingsWith("Tidings, SQLite log", LOBBY, "lobby", (folder) =>
  sqliteLog(join(folder, "log.db")),
);

/** Each connection has a room of its own, and events come to the first of them. */
export const tidingsRooms = tidingsWith("Tidings, a room for each", "channel=rooms/{n}", "0", inMemory);

/** A room for all, and an inbox for each. */
export const tidingsChat = tidingsWith(
  "Tidings, a room and an inbox for each",
  `${LOBBY}&channel=users/{n}/inbox`,
  "lobby",
  inMemory,
);
