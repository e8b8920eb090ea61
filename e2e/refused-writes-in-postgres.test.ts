import { postgresLog } from "@tidings/log-postgres";
import { test, vi } from "vitest";
import { startServer } from "../packages/log-postgres/test/test-server.ts";
import { expectClearRefusals } from "./refused-writes.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Nothing says when each process of the server has read the settings again; half a second is long for that. */
const RELOAD = "select pg_reload_conf(), pg_sleep(0.5)";
const SETTING = "default_transaction_read_only";

test("while PostgreSQL is read-only, a publish says so at once, streams go on, and the next succeeds", async () => {
  const server = await startServer();
  await expectClearRefusals(await postgresLog(server.url), {
    async begin() {
      await server.query(`alter system set ${SETTING} = on`);
      await server.query(RELOAD);
    },
    async end() {
      await server.query(`alter system reset ${SETTING}`);
      await server.query(RELOAD);
    },
    reason: "The server is read-only: connect to the primary",
  });
});
