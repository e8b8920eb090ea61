import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { postgresLog } from "@tidings/log-postgres";
import { redisLog } from "@tidings/log-redis";
import { sqliteLog } from "@tidings/log-sqlite";
import { z } from "zod";

/** `at` is when the event was handed to `publish`, by {@link wallClock}. */
export const contract = defineContract({
  room: channel("rooms/:roomId", { said: z.object({ at: z.number(), text: z.string() }) }),
});
/** The address whose delivery is measured. */
export const room = contract.room({ roomId: "lobby" });

/** Where a log is. */
export type LogAddress =
  | { readonly kind: "memory" }
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "postgres" | "redis"; readonly url: string };

export async function openLog(place: LogAddress): Promise<EventLog> {
  const keep = { entries: 1e9, bytes: 1e12 };
  switch (place.kind) {
    case "memory":
      return memoryLog({ keep: { entries: 100_000 } });
    case "sqlite":
      return sqliteLog(place.path, { keep });
    case "postgres":
      return postgresLog(place.url, { keep });
    case "redis":
      return redisLog(place.url, { keep, onWarning: () => {} });
  }
}

/** Milliseconds since 1970, with fractions; the same in all processes of a machine. */
export const wallClock = (): number => performance.timeOrigin + performance.now();
