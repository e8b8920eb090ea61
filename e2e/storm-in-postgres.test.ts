import { postgresLog } from "@tidings/log-postgres";
import { onTestFinished, test, vi } from "vitest";
import { server } from "../packages/log-postgres/test/test-server.ts";
import { expectCalmInStorm } from "./storm.ts";

vi.setConfig({ testTimeout: 180_000 });

/** Every entry stays, so that the final list has all of them. */
const keep = { entries: 1e9 };

test("four processes publish to PostgreSQL, one is killed again and again: all read the final list", async () => {
  const schema = server.newSchema();
  await expectCalmInStorm({ url: server.url, name: schema }, async () => {
    const log = await postgresLog(server.url, { schema, keep });
    onTestFinished(() => log.close());
    return log;
  });
});
