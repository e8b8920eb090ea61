import { redisLog } from "@tidings/log-redis";
import { test, vi } from "vitest";
import { startProxy } from "../packages/log/test/node/tcp-proxy.ts";
import { DURABLE } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { failOver } from "../packages/log-redis/trials/fail-over.ts";
import { expectIdleReadersTold } from "./failed-over-engine.ts";

vi.setConfig({ testTimeout: 180_000 });

test.runIf(hasServer)(
  "after a failover of Redis, idle readers of what is lost get a gap, although nobody publishes",
  async () => {
    const primary = await startServer(DURABLE);
    const proxy = await startProxy(primary.url);
    const log = await redisLog(proxy.url, { name: "log" });
    await expectIdleReadersTold(log, async () => {
      const { promoted, ...positions } = await failOver(primary, log);
      proxy.cut(promoted.url);
      return positions;
    });
  },
);
