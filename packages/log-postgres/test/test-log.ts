import type { EventLog, NewEntry } from "@tidings/log";
import type pg from "pg";
import { onTestFinished } from "vitest";
import { postgresLog, type PostgresLogOptions } from "../src/postgres-log.ts";

interface Server {
  readonly url: string;
  newSchema(): string;
}

/** Opens a log in a schema of its own, and other handles on it, until the test has finished. */
export async function openTestLog(server: Server, options: PostgresLogOptions = {}) {
  const schema = options.schema ?? server.newSchema();
  const open = async (more: PostgresLogOptions = {}, connection: string | pg.PoolConfig = server.url) => {
    const log = await postgresLog(connection, { ...options, ...more, schema });
    onTestFinished(() => log.close());
    return log;
  };
  return { log: await open(), open, schema };
}

/** A reliable entry. */
export function reliable(channel: string, data = '"event"', more: Partial<NewEntry> = {}): NewEntry {
  return { channel, type: "message", mode: "reliable", data, ...more };
}

const WIDE = { entries: 1_000_000, bytes: 1e9 };

/** The data of all entries. */
export async function everything(log: EventLog): Promise<(string | null)[]> {
  const { entries } = await log.read({ ...(await log.head()), seq: 0 }, null, WIDE);
  return entries.map(({ data }) => data);
}

/** Resolves with the milliseconds until a watcher is woken and the log has so many entries. */
export async function timeUntil(log: EventLog, count: number, append: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const seen = new Promise<void>((resolve, reject) => {
    const look = async (): Promise<void> => {
      if ((await everything(log)).length < count) return;
      stop();
      resolve();
    };
    const stop = log.watch(() => void look().catch(reject));
  });
  await append();
  await seen;
  return performance.now() - start;
}
