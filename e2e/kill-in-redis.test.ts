import { redisLog } from "@tidings/log-redis";
import { test } from "vitest";
import { DURABLE } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { expectGoodReport, reportProgress } from "./faults/expect-good-kills.ts";
import { killUnderLoad } from "./faults/kill-under-load.ts";
import { amount, PATIENCE } from "./faults/long-run.ts";
import { hubLobbyAt } from "./faults/served-lobby.ts";

const KILLS = amount(10, 1_000);

test.runIf(hasServer)(
  `a hub on Redis that is killed ${KILLS} times under load loses and repeats nothing, and keeps the order`,
  async () => {
    const { url } = await startServer(DURABLE);
    const lobby = await hubLobbyAt(url, () => redisLog(url));
    expectGoodReport("kill -9 of a hub on Redis", await killUnderLoad(lobby, KILLS, reportProgress(KILLS)));
  },
  PATIENCE,
);
