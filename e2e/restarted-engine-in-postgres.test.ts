import { postgresLog } from "@tidings/log-postgres";
import { test, vi } from "vitest";
import { startServer } from "../packages/log-postgres/test/test-server.ts";
import { expectCheapRestart } from "./restarted-engine.ts";

vi.setConfig({ testTimeout: 120_000 });

test("a restart of PostgreSQL costs 300 streams 0 reads of the log, and a publish works at once after it", async () => {
  const server = await startServer();
  await expectCheapRestart(await postgresLog(server.url), server);
});
