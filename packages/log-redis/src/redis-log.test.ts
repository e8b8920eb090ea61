import { describe } from "vitest";
import { describeRedisLog } from "../test/describe-log.ts";
import { hasServer } from "../test/test-server.ts";

describe.runIf(hasServer)("on a server", () => {
  describeRedisLog(5);
});
