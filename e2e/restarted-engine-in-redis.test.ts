import { redisLog } from "@tidings/log-redis";
import { test, vi } from "vitest";
import { DURABLE } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { expectCheapRestart } from "./restarted-engine.ts";

vi.setConfig({ testTimeout: 120_000 });

test.runIf(hasServer)(
  "a restart of Redis costs 300 streams 0 reads of the log, and a publish works at once after it",
  async () => {
    const server = await startServer(DURABLE);
    await expectCheapRestart(await redisLog(server.url), server);
  },
);
