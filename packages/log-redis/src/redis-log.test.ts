import { describeRedisLog } from "../test/describe-log.ts";
import { describeOnRedis } from "../test/test-server.ts";

describeOnRedis("on a server", () => {
  describeRedisLog(5);
});
