import { createHub } from "@tidings/server";
import { setTimeout as delay } from "node:timers/promises";
import { PostgresServer } from "../packages/log-postgres/test/postgres-server.ts";
import { prepareServerPrograms } from "../packages/log-postgres/test/server-programs.ts";
import { DURABLE, findProgram, NO_SERVER, RedisServer } from "../packages/log-redis/test/redis-server.ts";
import { cpuOfPostgres, cpuOfRedis } from "./engines/cpu.ts";
import { contract, openLog, room, type LogAddress } from "./engines/engine.ts";
import { follow } from "./engines/follow.ts";
import { report } from "./engines/record.ts";
import type { Sample } from "./speed/results.ts";

// The processor time of PostgreSQL and Redis: for an event that is published, and for each server that reads it.
// `npx tsx --conditions @tidings/source benchmarks/engine-cpu.ts`, with `-- --record` for the file from which the guide
// computes. It needs Linux. Other work on the machine changes these times less than it changes rates.

const ROUNDS = 3;
/** How many servers read in one of two measurements; none in the other one. */
const READERS = 4;
/** Each publisher waits for its event before the next one. */
const PUBLISHERS = 16;
const EVENTS = 6_400;
const TEXT = "x".repeat(100);

const open = async (place: LogAddress) => createHub(contract, { log: await openLog(place), authorize: () => true });

/**
 * Microseconds for each event that a hub publishes and all readers get.
 *
 * @param cpu the microseconds that the server of the log has used so far
 */
async function timePerEvent(place: LogAddress, cpu: () => Promise<number>, count: number): Promise<number> {
  const hub = await open(place);
  const readers = await Promise.all(Array.from({ length: count }, () => open(place)));
  const followings = readers.map(follow);
  const publish = () => hub.publish(room, "said", { at: 0, text: TEXT });
  // A loop begins at a head that it has to ask for.
  while (followings.some(({ times }) => times.length === 0)) {
    await publish();
    await delay(20);
  }
  await delay(500);
  for (const { times } of followings) times.length = 0;

  const before = await cpu();
  let left = EVENTS;
  const publishInTurn = async (): Promise<void> => {
    while (left-- > 0) await publish();
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, publishInTurn));
  while (followings.some(({ times }) => times.length < EVENTS)) await delay(20);
  const used = (await cpu()) - before;
  await Promise.all(followings.map((following) => following.stop()));
  await Promise.all([hub, ...readers].map((each) => each.close()));
  return used / EVENTS;
}

async function measure(place: LogAddress, cpu: () => Promise<number>): Promise<Sample> {
  const published = await timePerEvent(place, cpu, 0);
  const withReaders = await timePerEvent(place, cpu, READERS);
  return { "published (µs)": published, "read by a server (µs)": (withReaders - published) / READERS };
}

const redisProgram = findProgram();
if (redisProgram === null) throw new Error(NO_SERVER);
const { programs, remove } = await prepareServerPrograms();
const postgres = await PostgresServer.start(programs, { fsync: "on" });
const redis = await RedisServer.start(redisProgram, DURABLE);
try {
  const rounds: Record<"PostgreSQL" | "Redis", Sample[]> = { PostgreSQL: [], Redis: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const cpu = async () => cpuOfPostgres(postgres);
    rounds.PostgreSQL.push(await measure({ kind: "postgres", url: postgres.url }, cpu));
    rounds.Redis.push(await measure({ kind: "redis", url: redis.url }, () => cpuOfRedis(redis)));
  }
  report("engine-cpu.json", rounds);
} finally {
  await redis.remove();
  await postgres.remove();
  await remove();
}
