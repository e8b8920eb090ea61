import { describe, vi } from "vitest";
import { describeRedisLog } from "../test/describe-log.ts";
import { hasServer } from "../test/test-server.ts";

// A property opens a hundred logs.
vi.setConfig({ testTimeout: 180_000 });

describe.runIf(hasServer)("with 100 random histories for each property,", () => {
  describeRedisLog(100);
});
