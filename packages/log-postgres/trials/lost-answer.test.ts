import { expect, onTestFinished, test, vi } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { startPgBouncer } from "../test/pg-bouncer.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

vi.setConfig({ testTimeout: 60_000 });

test("behind a PgBouncer that loses the server before the answer, the outcome is unknown", async () => {
  const network = await startProxy(server.url);
  const bouncer = await startPgBouncer(network.url);
  onTestFinished(bouncer.stop);
  const { log: near, open, schema } = await openTestLog(server);
  const far = await open({ onWarning() {} }, bouncer.url);
  const client = await connect();
  await client.query(`begin; select ${schema}.lock_appends()`);
  const appending = far.append([reliable("a", "1")]).catch((error: unknown) => error);
  const waiting = `select from pg_stat_activity
    where wait_event_type = 'Lock' and query like '%"${schema}".append(%'`;
  const observer = await connect();
  await expect.poll(async () => (await observer.query(waiting)).rowCount).toBe(1);
  network.cut();
  // The server does not notice that nobody waits for the answer.
  await client.query("commit");
  await expect.poll(() => everything(near)).toEqual(["1"]);
  expect(await appending).toMatchObject({ name: "AppendError", outcome: "unknown" });
});

test("behind a PgBouncer that loses the server, a read is tried again", async () => {
  const network = await startProxy(server.url);
  const bouncer = await startPgBouncer(network.url);
  onTestFinished(bouncer.stop);
  const { open, schema } = await openTestLog(server);
  const far = await open({ onWarning() {} }, bouncer.url);
  const client = await connect();
  await client.query(`begin; lock table ${schema}.epoch`);
  const asking = far.head();
  const waiting = `select from pg_stat_activity
    where wait_event_type = 'Lock' and query like '%"${schema}".validate(%'`;
  const observer = await connect();
  await expect.poll(async () => (await observer.query(waiting)).rowCount).toBe(1);
  network.cut();
  await client.query("commit");
  expect(await asking).toMatchObject({ seq: 0 });
});
