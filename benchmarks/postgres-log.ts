import { postgresLog } from "@tidings/log-postgres";
import { PostgresServer } from "../packages/log-postgres/test/postgres-server.ts";
import { prepareServerPrograms } from "../packages/log-postgres/test/server-programs.ts";
import { printCosts } from "./shared-log.ts";

// What appends and reads cost in the PostgreSQL log, on a server in a temporary folder:
// `npx tsx --conditions @tidings/source benchmarks/postgres-log.ts`
//
// The server waits for the disk at every commit.

const { programs, remove } = await prepareServerPrograms();
const server = await PostgresServer.start(programs, { fsync: "on" });
try {
  const keep = { entries: 1e9, bytes: 1e12 };
  const [log, other] = [await postgresLog(server.url, { keep }), await postgresLog(server.url, { keep })];
  await printCosts(log, other);
  await Promise.all([log.close(), other.close()]);
} finally {
  await server.remove();
  await remove();
}
