import { postgresLog } from "@tidings/log-postgres";
import { describe, test, vi } from "vitest";
import { connect, server } from "../packages/log-postgres/test/test-server.ts";
import { expectToldOfAge, expectUnharmed, type JumpingServer } from "./jumping-clock.ts";

vi.setConfig({ testTimeout: 60_000 });

const HOUR = 3_600_000;

/** A log that takes the time of the server from a table, where a test changes it. */
async function start(): Promise<JumpingServer> {
  const schema = server.newSchema();
  const client = await connect();
  const log = await postgresLog(server.url, { schema });
  await log.close();
  await client.query(`
    create table ${schema}.jump (ahead bigint);
    insert into ${schema}.jump values (0);
    create or replace function ${schema}.now() returns bigint language sql volatile as $$
      select floor(extract(epoch from clock_timestamp()) * 1000)::bigint + ahead from ${schema}.jump
    $$`);
  return {
    open: (options) => postgresLog(server.url, { ...options, schema }),
    setClock: async (ahead) => void (await client.query(`update ${schema}.jump set ahead = ${ahead}`)),
  };
}

describe("when the clock of PostgreSQL jumps", () => {
  test.for([HOUR, -HOUR])("by %d ms, nothing is lost, and no lease changes hands", async (jump) => {
    await expectUnharmed(await start(), jump);
  });

  test("by more than the age of what is kept, whoever has not read it gets a gap", async () => {
    await expectToldOfAge(await start());
  });
});
