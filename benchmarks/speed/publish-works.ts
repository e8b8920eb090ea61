import { join } from "node:path";
import { channel, defineContract } from "@tidings/contract";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { z } from "zod";
import { findDriver } from "../../packages/log-sqlite/src/driver.ts";
import { TEXT_BYTES } from "./event.ts";
import type { Work } from "./work-type.ts";

const EVENTS = 4_000;
const text = "x".repeat(TEXT_BYTES);

const contract = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ n: z.number(), text: z.string() }) }),
});
const room = contract.room({ roomId: "lobby" });
const INSERT = `
insert into tidings_entry (channel, type, kind, key, at, data, expires_at) values (?, 'message', 0, '', ?, ?, null)`;

/**
 * The least that storing events costs: the same rows in the same tables, by the same driver, in a transaction for so
 * many of them. It checks nothing, and nobody is told.
 */
export async function insertWork(folder: string, perTransaction: number): Promise<Work> {
  const path = join(folder, "log.db");
  await sqliteLog(path).close();
  const file = findDriver().open(path);
  file.exec("pragma journal_mode = wal");
  // The default of the log.
  file.exec("pragma synchronous = normal");
  const insert = file.prepare(INSERT);
  return {
    events: EVENTS,
    async run() {
      for (let n = 0; n < EVENTS; n += perTransaction) {
        file.exec("begin immediate");
        for (let row = 0; row < perTransaction; row++) {
          insert.run(room.path, Date.now(), JSON.stringify({ n: n + row, text }));
        }
        file.exec("commit");
        // A publish takes a turn of the event loop, too.
        await new Promise(setImmediate);
      }
    },
  };
}

function openHub(folder: string) {
  return createHub(contract, { log: sqliteLog(join(folder, "log.db")), authorize: () => true });
}

/** So many publishes at once, and the next ones when they are stored. */
export async function publishWork(folder: string, atOnce: number): Promise<Work> {
  const hub = openHub(folder);
  return {
    events: EVENTS,
    async run() {
      for (let n = 0; n < EVENTS; n += atOnce) {
        await Promise.all(
          Array.from({ length: atOnce }, (_, index) => hub.publish(room, "message", { n: n + index, text })),
        );
      }
    },
  };
}

export async function publishBatchWork(folder: string, size: number): Promise<Work> {
  const hub = openHub(folder);
  return {
    events: EVENTS,
    async run() {
      for (let n = 0; n < EVENTS; n += size) {
        await hub.publishAll(
          Array.from({ length: size }, (_, index) => ({
            address: room,
            type: "message" as const,
            data: { n: n + index, text },
          })),
        );
      }
    },
  };
}
