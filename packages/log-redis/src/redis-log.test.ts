import { describe } from "vitest";
import { describeRedisLog } from "../test/describe-log.ts";
import { hasServer } from "../test/test-server.ts";

/** A server that is restarted, or whose connections are cut, belongs to one test. */
const IN_TRIALS = "trials/conformance.test.ts has it";

describe.runIf(hasServer)("on a server", () => {
  describeRedisLog(5, { cutDoorbell: IN_TRIALS, restart: IN_TRIALS, loseSuffix: IN_TRIALS });
});
