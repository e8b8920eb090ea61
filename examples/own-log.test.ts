import { memoryLog } from "@tidings/log";
import { describeEventLog } from "@tidings/log/conformance";
import { ownLog } from "./own-log.ts";

const inMemory = "its storage is a log in memory";

describeEventLog(
  "ownLog",
  async (options) => {
    const storage = memoryLog(options);
    const { keep } = await storage.stat();
    return {
      log: ownLog(storage, keep),
      another: async () => ownLog(storage, keep), //                a second handle, as another process has it
      reopen: async () => ownLog(memoryLog(options), keep), //      what a new process finds
    };
  },
  {
    survivesReopen: false,
    heedsClock: true,
    runs: 20,
    lacks: { cutDoorbell: inMemory, restart: inMemory, loseSuffix: inMemory, skewed: inMemory },
  },
);
