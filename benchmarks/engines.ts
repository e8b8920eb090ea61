import { createHub } from "@tidings/server";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresServer } from "../packages/log-postgres/test/postgres-server.ts";
import { prepareServerPrograms } from "../packages/log-postgres/test/server-programs.ts";
import { DURABLE, findProgram, NO_SERVER, RedisServer } from "../packages/log-redis/test/redis-server.ts";
import { contract, openLog, type LogAddress } from "./engines/engine.ts";
import { measure, startReader } from "./engines/measure.ts";
import { report } from "./engines/record.ts";
import type { Sample } from "./speed/results.ts";

// What publishing costs through a hub on each log, and how soon readers have an event, beside each other in one run:
// `npx tsx --conditions @tidings/source benchmarks/engines.ts`, with `-- --record` for the file that the guide shows.
//
// PostgreSQL waits for the disk at every commit, Redis syncs its file every second, and SQLite has
// `synchronous=normal`. The engines are measured in turn, A B C, A B C: believe the ratios.

const ROUNDS = 3;

const redisProgram = findProgram();
if (redisProgram === null) throw new Error(NO_SERVER);
const folder = mkdtempSync(join(tmpdir(), "tidings-engines-"));
const { programs, remove } = await prepareServerPrograms();
const postgres = await PostgresServer.start(programs, { fsync: "on" });
const redis = await RedisServer.start(redisProgram, DURABLE);

const places: Readonly<Record<string, LogAddress>> = {
  memory: { kind: "memory" },
  SQLite: { kind: "sqlite", path: join(folder, "log.db") },
  PostgreSQL: { kind: "postgres", url: postgres.url },
  Redis: { kind: "redis", url: redis.url },
};

try {
  const contestants = await Promise.all(
    Object.entries(places).map(async ([name, place]) => ({
      name,
      hub: createHub(contract, { log: await openLog(place), authorize: () => true }),
      reader: place.kind === "memory" ? null : await startReader(place),
      samples: [] as Sample[],
    })),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const { hub, reader, samples } of contestants) samples.push(await measure(hub, reader));
  }
  for (const { hub, reader } of contestants) {
    reader?.disconnect();
    await hub.close();
  }
  report("engines.json", Object.fromEntries(contestants.map(({ name, samples }) => [name, samples])));
} finally {
  await redis.remove();
  await postgres.remove();
  await remove();
  rmSync(folder, { recursive: true });
}
