import { createServer } from "node:http";
import { join } from "node:path";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";
import { streamRequest, type ServedPeer } from "../peers/peer.ts";

const chat = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ n: z.number(), text: z.string() }) }),
  inbox: channel("users/:userId/inbox", { message: z.object({ n: z.number(), text: z.string() }) }),
});

/** Set up as the README says. A connection follows the paths of the query, and events are published to one room. */
function tidingsWith(name: string, query: string, roomId: string, openLog: (folder: string) => EventLog): ServedPeer {
  const room = chat.room({ roomId });
  return {
    name,
    request: streamRequest(`/events?protocol=1&${query}`),
    serve(folder) {
      const hub = createHub(chat, { log: openLog(folder), authorize: () => true });
      return {
        server: createServer(toNodeHandler(hub)),
        publish: (message) => hub.publish(room, "message", message),
      };
    },
  };
}

const inMemory = () => memoryLog();
const LOBBY = "channel=rooms/lobby";

export const tidings = tidingsWith("Tidings", LOBBY, "lobby", inMemory);

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
