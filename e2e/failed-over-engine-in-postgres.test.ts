import { postgresLog } from "@tidings/log-postgres";
import { test, vi } from "vitest";
import { startProxy } from "../packages/log/test/node/tcp-proxy.ts";
import { startServer } from "../packages/log-postgres/test/test-server.ts";
import { failOver } from "../packages/log-postgres/trials/fail-over.ts";
import { expectIdleReadersTold } from "./failed-over-engine.ts";

vi.setConfig({ testTimeout: 180_000 });

test("after a failover of PostgreSQL, idle readers of what is lost get a gap, although nobody publishes", async () => {
  const primary = await startServer();
  const proxy = await startProxy(primary.url);
  const log = await postgresLog(proxy.url);
  await expectIdleReadersTold(log, async () => {
    const { promoted, ...positions } = await failOver(primary, log);
    proxy.cut(promoted.url);
    return positions;
  });
});
