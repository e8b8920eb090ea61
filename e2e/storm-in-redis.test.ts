import { redisLog } from "@tidings/log-redis";
import { onTestFinished, test, vi } from "vitest";
import { DURABLE } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { expectCalmInStorm } from "./storm.ts";

vi.setConfig({ testTimeout: 180_000 });

/** Every entry stays, so that the final list has all of them. */
const keep = { entries: 1e9 };

test.runIf(hasServer)(
  "four processes publish to Redis, one is killed again and again: all read the final list",
  async () => {
    const { url } = await startServer(DURABLE);
    await expectCalmInStorm({ url, name: "storm" }, async () => {
      const log = await redisLog(url, { name: "storm", keep, onWarning: () => {} });
      onTestFinished(() => log.close());
      return log;
    });
  },
);
