import { describeEventLog } from "@tidings/log/conformance";
import { redisLog } from "../src/redis-log.ts";
import { server } from "./test-server.ts";

/** All laws of a log, each in a log of its own. @param runs how many random histories each property has */
export function describeRedisLog(runs: number): void {
  describeEventLog(
    "redisLog",
    async (options) => {
      const name = server.newName();
      const open = () => redisLog(server.url, { ...options, name, onWarning: () => {} });
      return { log: await open(), another: open, reopen: open };
    },
    { survivesReopen: true, heedsClock: true, runs },
  );
}
