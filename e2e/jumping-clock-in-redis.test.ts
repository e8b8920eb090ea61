import { redisLog } from "@tidings/log-redis";
import { describe, test, vi } from "vitest";
import { FLEETING } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { expectToldOfAge, expectUnharmed, type JumpingServer } from "./jumping-clock.ts";

vi.setConfig({ testTimeout: 60_000 });

const HOUR = 3_600_000;

/** The scripts get the time from the test, where they would ask the server otherwise: one clock for all handles. */
async function start(): Promise<JumpingServer> {
  const server = await startServer(FLEETING);
  let offset = 0;
  const now = () => Date.now() + offset;
  return {
    open: (options) => redisLog(server.url, { ...options, now, onWarning: () => {} }),
    async setClock(ahead) {
      offset = ahead;
    },
  };
}

describe.runIf(hasServer)("when the clock of Redis jumps", () => {
  test.for([HOUR, -HOUR])("by %d ms, nothing is lost, and no lease changes hands", async (jump) => {
    await expectUnharmed(await start(), jump);
  });

  test("by more than the age of what is kept, whoever has not read it gets a gap", async () => {
    await expectToldOfAge(await start());
  });
});
