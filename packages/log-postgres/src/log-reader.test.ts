import { expect, test } from "vitest";
import { reliable } from "../../log/test/entries.ts";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

test("a read whose epoch cannot be read says that the log cannot be read", async () => {
  const { open, schema } = await openTestLog(server);
  const log = await open({}, { connectionString: server.url, max: 1, connectionTimeoutMillis: 1_000 });
  const head = await log.head();
  const counting = await connect();
  await counting.query(`begin; lock table ${schema}.retention`);
  const reading = log.read(head, null, { entries: 1, bytes: 1 }).catch(String);
  // It gets the only connection after the read, and keeps it.
  const stat = log.stat();
  expect(await reading).toContain("Cannot read the log in PostgreSQL: timeout exceeded");
  await counting.query("rollback");
  await stat;
});

test("a read that conflicts with what is written beside it is tried again", async () => {
  const { log, schema } = await openTestLog(server);
  await log.append([reliable("a", "1")]);
  const client = await connect();
  // As a serializable transaction, or one on a standby, may fail.
  await client.query(`create sequence ${schema}.tries;
    alter function ${schema}.head() rename to real_head;
    create function ${schema}.head() returns bigint language plpgsql stable as $$ begin
      if nextval('${schema}.tries') < 3 then raise exception 'conflict' using errcode = '40001'; end if;
      return ${schema}.real_head();
    end $$`);
  expect(await log.head()).toMatchObject({ seq: 1 });
});

test("the holes of a page come once, and not with each of its entries", async () => {
  let received = 0;
  const { url } = await startProxy(server.url, () => (chunk) => {
    received += chunk.length;
    return [chunk];
  });
  const { open } = await openTestLog(server, { keep: { entries: 1 } });
  const log = await open({}, url);
  const channels = Array.from({ length: 200 }, (_, n) => `rooms/${n}`);
  const start = { ...(await log.head()), seq: 0 };
  for (let n = 0; n < 2; n++) await log.append(channels.map((channel) => reliable(channel)));
  await log.trim();
  received = 0;
  const { entries, holes } = await log.read(start, channels, { entries: 1_000, bytes: 1e6 });
  expect([entries.length, holes.length]).toEqual([200, 200]);
  expect(received).toBeLessThan(100_000);
});
