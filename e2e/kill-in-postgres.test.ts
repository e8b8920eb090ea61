import { postgresLog } from "@tidings/log-postgres";
import { test } from "vitest";
import { startServer } from "../packages/log-postgres/test/test-server.ts";
import { expectGoodReport, reportProgress } from "./faults/expect-good-kills.ts";
import { killUnderLoad } from "./faults/kill-under-load.ts";
import { amount, PATIENCE } from "./faults/long-run.ts";
import { hubLobbyAt } from "./faults/served-lobby.ts";

const KILLS = amount(10, 1_000);

test(
  `a hub on PostgreSQL that is killed ${KILLS} times under load loses and repeats nothing, and keeps the order`,
  async () => {
    const { url } = await startServer();
    const lobby = await hubLobbyAt(url, () => postgresLog(url));
    expectGoodReport("kill -9 of a hub on PostgreSQL", await killUnderLoad(lobby, KILLS, reportProgress(KILLS)));
  },
  PATIENCE,
);
