import type pg from "pg";
import { inject, onTestFinished } from "vitest";
import { newConnection, onConnection } from "./connection.ts";
import { PostgresServer, type Settings } from "./postgres-server.ts";
import type { ServerPrograms } from "./server-programs.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The programs of PostgreSQL, for tests that start servers of their own. */
    postgresPrograms: ServerPrograms;
    /** The URL of the server that all files share. */
    postgresUrl: string;
  }
}

let schemas = 0;

/** The server that all files share. */
export const server = {
  url: inject("postgresUrl"),
  /** A name that no other schema of the server has. */
  newSchema: (): string => `test_${process.pid}_${Date.now().toString(36)}_${++schemas}`,
};

/** A connection to the server, until the test has finished. */
export async function connect(url = server.url): Promise<pg.Client> {
  const client = newConnection(url);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** Schemas whose tests have finished. */
const idle: string[] = [];

/** A schema without entries. It may have been another test's: creating tables takes much longer than emptying them. */
export async function emptySchema(): Promise<string> {
  const used = idle.pop();
  const schema = used ?? server.newSchema();
  onTestFinished(() => void idle.push(schema));
  if (used === undefined) return schema;
  const tables = ["entry", "idempotency", "channel", "mark", "epoch", "total", "rule", "retention"];
  const empty = `
    set session_replication_role = replica; -- The triggers of retention do not run.
    ${tables.map((table) => `delete from ${schema}.${table};`).join("\n")}
    insert into ${schema}.total default values;
    insert into ${schema}.retention default values;
    alter sequence ${schema}.seq restart;
    select ${schema}.begin_epoch()`;
  await onConnection(server.url, (client) => client.query(empty));
  return schema;
}

/** Starts a server of its own for a test. */
export async function startServer(settings: Settings = {}): Promise<PostgresServer> {
  const own = await PostgresServer.start(inject("postgresPrograms"), settings);
  onTestFinished(() => own.remove());
  return own;
}
