import { expect, test } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

test("a trim that conflicts again and again is given up, and a later one goes on", async () => {
  const { log, schema } = await openTestLog(server, { keep: { entries: 1 } });
  await log.append([reliable("a", "1"), reliable("a", "2")]);
  const client = await connect();
  await client.query(`alter function ${schema}.lock_retention() rename to real_lock_retention;
    create function ${schema}.lock_retention() returns void language plpgsql as $$ begin
      raise exception 'conflict' using errcode = '40P01';
    end $$`);
  await expect(log.trim()).rejects.toThrow("Cannot trim the log in PostgreSQL: conflict.");
  await client.query(`drop function ${schema}.lock_retention();
    alter function ${schema}.real_lock_retention() rename to lock_retention`);
  await log.trim();
  expect(await everything(log)).toEqual(["2"]);
});
