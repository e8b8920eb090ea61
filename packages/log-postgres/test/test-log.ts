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
