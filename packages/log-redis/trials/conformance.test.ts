import { vi } from "vitest";
import { describeRedisLog } from "../test/describe-log.ts";
import { describeOnRedis } from "../test/test-server.ts";

// A property opens a hundred logs.
vi.setConfig({ testTimeout: 180_000 });

describeOnRedis("with 100 random histories for each property,", () => {
  describeRedisLog(100);
});
