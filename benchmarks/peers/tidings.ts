import { createServer } from "node:http";
import { join } from "node:path";
import { createClient } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";
import type { Peer } from "./peer.ts";

const chat = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ n: z.number(), text: z.string() }) }),
});
const lobby = chat.room({ roomId: "lobby" });

/** The README's set-up, on one log or another. */
function tidingsOn(name: string, resume: string, openLog: (folder: string) => EventLog): Peer {
  return {
    name,
    resume,
    serve(folder) {
      const hub = createHub(chat, { log: openLog(folder), authorize: () => true });
      return {
        server: createServer(toNodeHandler(hub)),
        publish: (message) => hub.publish(lobby, "message", message),
      };
    },
    read(url, ear) {
      const client = createClient(chat, { url: `${url}/events` });
      client.subscribe(lobby, {
        message: (message) => ear.message(message),
        onGap: ({ reason }) => ear.told(`gap: ${reason}`),
        onClose: (reason) => ear.told(`closed: ${reason}`),
      });
      return () => client.close();
    },
  };
}

/** As it comes: the newest 1,000 events of a channel are kept. */
export const tidingsMemory = tidingsOn("Tidings, memory log", "its log, 1,000 events of a channel", () => memoryLog());

/** With a log that is told to keep more than is published here. */
export const tidingsSqlite = tidingsOn("Tidings, SQLite log", "its log, 200,000 events of a channel", (folder) =>
  sqliteLog(join(folder, "log.db"), { keep: { entries: 200_000 } }),
);
