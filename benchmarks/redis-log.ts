import { redisLog } from "@tidings/log-redis";
import { DURABLE, findProgram, NO_SERVER, RedisServer } from "../packages/log-redis/test/redis-server.ts";
import { printCosts } from "./shared-log.ts";

// What appends and reads cost in the Redis log, on a server in a temporary folder:
// `npx tsx --conditions @tidings/source benchmarks/redis-log.ts`
//
// The server writes its file before it answers, and syncs it every second.

const program = findProgram();
if (program === null) throw new Error(NO_SERVER);
const server = await RedisServer.start(program, DURABLE);
try {
  const keep = { entries: 1e9, bytes: 1e12 };
  const [log, other] = [await redisLog(server.url, { keep }), await redisLog(server.url, { keep })];
  await printCosts(log, other);
  await Promise.all([log.close(), other.close()]);
} finally {
  await server.remove();
}
