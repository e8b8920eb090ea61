import { redisLog } from "@tidings/log-redis";
import { describe } from "vitest";
import { FLEETING } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { describeKilledWriter, stopAnywhere } from "./faults/killed-writer.ts";

describe.runIf(hasServer)("on Redis", () => {
  describeKilledWriter(async () => {
    const { url } = await startServer(FLEETING);
    return { log: await redisLog(url, { onWarning: () => {} }), place: ["Redis", url], stop: stopAnywhere };
  });
});
