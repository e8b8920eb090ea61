import { postgresLog } from "@tidings/log-postgres";
import { expect, onTestFinished, test } from "vitest";
import { connect, server } from "../packages/log-postgres/test/test-server.ts";
import { expectCalmInStorm } from "./storm.ts";

/** Every entry stays, so that the final list has all of them. */
const keep = { entries: 1e9 };

async function start(): Promise<{ readonly run: () => Promise<void>; readonly schema: string }> {
  const schema = server.newSchema();
  const open = async () => {
    const log = await postgresLog(server.url, { schema, keep });
    onTestFinished(() => log.close());
    return log;
  };
  await open();
  return { schema, run: () => expectCalmInStorm({ url: server.url, name: schema }, open) };
}

test("four processes publish to PostgreSQL, one is killed again and again: everybody reads the final list", async () => {
  await (await start()).run();
}, 180_000);

test("without the lock of appends, the followers of these processes miss entries", async () => {
  const { schema, run } = await start();
  const lock = `create or replace function ${schema}.lock_appends() returns void language sql as $$ select $$`;
  await (await connect()).query(lock);
  await expect(run()).rejects.toMatchObject({ name: "AssertionError" });
}, 180_000);
