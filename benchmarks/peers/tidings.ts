import { createServer } from "node:http";
import { join } from "node:path";
import { createClient } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";
import { streamRequest, type Peer } from "./peer.ts";

const chat = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ n: z.number(), text: z.string() }) }),
});
const lobby = chat.room({ roomId: "lobby" });

/** Set up as the README says, with the given log. */
function tidingsOn(name: string, resume: string, openLog: (folder: string) => EventLog): Peer {
  return {
    name,
    resume,
    request: streamRequest("/events?channel=rooms/lobby"),
    serve(folder) {
      const hub = createHub(chat, { log: openLog(folder), authorize: () => true });
      return {
        server: createServer(toNodeHandler(hub)),
        publish: (message) => hub.publish(lobby, "message", message),
      };
    },
    read(url, handlers) {
      const client = createClient(chat, { url: `${url}/events` });
      client.subscribe(lobby, {
        message: (message) => handlers.onMessage(message),
        onGap: ({ reason }) => handlers.onNotice(`gap: ${reason}`),
        onClose: (reason) => handlers.onNotice(`closed: ${reason}`),
      });
      return () => client.close();
    },
  };
}

/**
 * The defaults: the log keeps the newest 1,000 events of a channel, and the ring 16,384 events or 16 MiB of all
 * channels.
 */
export const tidingsMemory = tidingsOn("Tidings, memory log", "its log and ring", () => memoryLog());

/** The log keeps more events than a benchmark publishes. */
export const tidingsSqlite = tidingsOn("Tidings, SQLite log", "its log", (folder) =>
  sqliteLog(join(folder, "log.db"), { keep: { entries: 200_000 } }),
);
