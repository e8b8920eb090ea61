import { onTestFinished } from "vitest";
import type { Connection } from "../src/connection.ts";
import { openRedisLog, type RedisLogOptions, type WritingScripts } from "../src/redis-log.ts";
import { APPEND } from "../src/scripts/append.ts";
import { TRIM } from "../src/scripts/trim.ts";

/** The scripts of the log. */
export const SCRIPTS: WritingScripts = { append: APPEND, trim: TRIM };

interface Server {
  readonly url: string;
  newName(): string;
}

/** Opens a log with a name of its own, and other handles on it, until the test has finished. It warns of nothing. */
export async function openTestLog(server: Server, options: RedisLogOptions = {}, scripts = SCRIPTS) {
  const name = options.name ?? server.newName();
  const open = async (more: RedisLogOptions = {}, connection: Connection = server.url) => {
    const log = await openRedisLog(connection, { onWarning: () => {}, ...options, ...more, name }, scripts);
    onTestFinished(() => log.close());
    return log;
  };
  return { log: await open(), open, name };
}
