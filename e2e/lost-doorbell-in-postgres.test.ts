import { postgresLog } from "@tidings/log-postgres";
import { test, vi } from "vitest";
import { filterNotifications } from "../packages/log-postgres/test/message-filter.ts";
import { server } from "../packages/log-postgres/test/test-server.ts";
import { expectCounted } from "./lost-doorbell.ts";

vi.setConfig({ testTimeout: 60_000 });

test("where notifications of PostgreSQL get lost, events come with the poll, and the hub counts that", async () => {
  let isLossy = false;
  const { url } = await filterNotifications(server.url, () => isLossy);
  const schema = server.newSchema();
  const [near, far] = [await postgresLog(server.url, { schema }), await postgresLog(url, { schema })];
  await expectCounted(near, far, () => {
    isLossy = true;
  });
});
