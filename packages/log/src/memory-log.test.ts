import { describeEventLog } from "./conformance.ts";
import { memoryLog } from "./memory-log.ts";

describeEventLog(
  "memoryLog",
  async (options) => {
    const log = memoryLog(options);
    return { log, another: async () => log, reopen: async () => memoryLog(options) };
  },
  { survivesReopen: false, heedsClock: true, runs: 100 },
);
