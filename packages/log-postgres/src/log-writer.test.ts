import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

/** Waits until an append waits for another transaction. */
async function expectAppendThatWaits(schema: string): Promise<void> {
  const waiting = `select from pg_stat_activity
    where wait_event_type = 'Lock' and query like '%"${schema}".append(%'`;
  // Inside of a transaction, this view does not change.
  const observer = await connect();
  await expect.poll(async () => (await observer.query(waiting)).rowCount).toBe(1);
}

describe("append", () => {
  test("what is published in one turn is one transaction", async () => {
    const { log, schema } = await openTestLog(server);
    await Promise.all(Array.from({ length: 50 }, (_, n) => log.append([reliable("a", `${n}`)])));
    const client = await connect();
    const { rows } = await client.query(`select distinct xmin::text from ${schema}.entry`);
    expect(rows).toHaveLength(1);
    expect(await everything(log)).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`));
  });

  test("more than one statement may have is several, in the order of the calls", async () => {
    const { log } = await openTestLog(server);
    const batches = Array.from({ length: 3 }, (_, n) =>
      Array.from({ length: 700 }, (_value, m) => reliable("a", `${700 * n + m}`)),
    );
    await Promise.all(batches.map((batch) => log.append(batch)));
    expect(await everything(log)).toEqual(Array.from({ length: 2_100 }, (_, n) => `${n}`));
  });

  test("a bad entry fails alone: the others of its turn are appended", async () => {
    const { log } = await openTestLog(server);
    const appended = await Promise.allSettled([
      log.append([reliable("a", "1")]),
      log.append([reliable("a", "2", { idempotencyKey: "a\0" })]),
      log.append([reliable("a", "3", { idempotencyKey: "\ud800" })]),
      log.append([reliable("a", "4")]),
    ]);
    expect(appended.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(await everything(log)).toEqual(["1", "4"]);
  });

  test("a bad entry among hundreds is found in few statements", async () => {
    const { log, schema } = await openTestLog(server);
    const batches = Array.from({ length: 400 }, (_, n) => [
      reliable("a", `${n}`, n === 137 ? { idempotencyKey: "a\0" } : {}),
    ]);
    const appended = await Promise.allSettled(batches.map((batch) => log.append(batch)));
    expect(appended.filter(({ status }) => status === "rejected")).toHaveLength(1);
    const client = await connect();
    const { rows } = await client.query(`select distinct xmin::text from ${schema}.entry`);
    expect(rows.length).toBeLessThan(10);
  });

  test("a server that is gone after a bad entry fails the others of its turn together, and the queue", async () => {
    let isGone = false;
    const network = await startProxy(server.url, () => (chunk) => {
      // This answer is the last one.
      if (chunk.includes("22P05")) setImmediate(network.silence);
      isGone ||= chunk.includes("22P05");
      return [chunk];
    });
    const { log: near, open } = await openTestLog(server);
    const log = await open({ patience: 100 }, { connectionString: network.url, connectionTimeoutMillis: 500 });
    const start = performance.now();
    const turn = Array.from({ length: 60 }, (_, n) =>
      log.append([reliable("a", `${n}`, n === 0 ? { idempotencyKey: "a\0" } : {})]),
    );
    const settled = Promise.allSettled(turn);
    await expect.poll(() => isGone).toBe(true);
    const behind = log.append([reliable("a", "behind")]).catch((error: unknown) => error);
    // One more statement was sent, with the first half of the turn.
    const refused = (outcome: string) => Array.from({ length: 30 }, () => ({ reason: { outcome } }));
    expect(await settled).toMatchObject([...refused("unknown"), ...refused("none")]);
    expect(await behind).toMatchObject({ outcome: "none" });
    // It alone was waited for.
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(await everything(near)).toEqual([]);
  });

  test("a connection lost before the answer leaves the outcome unknown, and the same key is stored once", async () => {
    const { url, cut } = await startProxy(server.url);
    const { log, open, schema } = await openTestLog(server);
    const far = await open({}, url);
    const client = await connect();
    await client.query(`begin; select ${schema}.lock_appends()`);
    const once = reliable("a", "1", { idempotencyKey: "once" });
    const appending = far.append([once]).catch((error: unknown) => error);
    await expectAppendThatWaits(schema);
    cut();
    expect(await appending).toMatchObject({ name: "AppendError", outcome: "unknown" });
    // The server does not notice that nobody waits for the answer.
    await client.query("commit");
    await expect.poll(() => everything(log)).toEqual(["1"]);
    expect(await far.append([once])).toMatchObject([{ duplicate: true }]);
    expect(await everything(log)).toEqual(["1"]);
  });

  test("a transaction that holds the lock fails appends after the patience, and delays no read", async () => {
    const { log, schema } = await openTestLog(server, { patience: 300 });
    await log.append([reliable("a", "1")]);
    const client = await connect();
    await client.query("begin");
    await log.appendIn(client, [reliable("a", "2")]);
    // Takes the lock before the commit.
    await client.query("set constraints all immediate");
    const start = performance.now();
    const appended = await Promise.allSettled([log.append([reliable("a", "3")]), log.append([reliable("a", "4")])]);
    expect(performance.now() - start).toBeLessThan(2_000);
    for (const each of appended) {
      expect(each).toMatchObject({
        reason: {
          name: "AppendError",
          outcome: "none",
          message: expect.stringContaining("does not end: keep transactions short"),
        },
      });
    }
    expect(await everything(log)).toEqual(["1"]);
    await client.query("commit");
    await log.append([reliable("a", "5")]);
    expect(await everything(log)).toEqual(["1", "2", "5"]);
    expect(schema).toMatch(/^test_/);
  });

  test("what waits behind an append that has waited for the lock in vain fails with it", async () => {
    const { log, schema } = await openTestLog(server, { patience: 1_000 });
    const client = await connect();
    await client.query(`begin; select ${schema}.lock_appends()`);
    const start = performance.now();
    const first = log.append([reliable("a", "1")]).catch((error: unknown) => error);
    await expectAppendThatWaits(schema);
    const second = log.append([reliable("a", "2")]).catch((error: unknown) => error);
    for (const error of await Promise.all([first, second])) {
      expect(error).toMatchObject({ outcome: "none", message: expect.stringContaining("keep transactions short") });
    }
    // Not as long again: the hub would have given it up by then, and it would be stored later.
    expect(performance.now() - start).toBeLessThan(1_900);
    await client.query("rollback");
    await log.append([reliable("a", "3")]);
    expect(await everything(log)).toEqual(["3"]);
  });

  test("a transaction with rows that waits to commit delays no append", async () => {
    const { log } = await openTestLog(server);
    const client = await connect();
    await client.query("begin");
    await log.appendIn(client, [reliable("a", "2")]);
    await log.append([reliable("a", "1")]);
    await client.query("commit");
    expect(await everything(log)).toEqual(["1", "2"]);
  });

  test("reads that do not end hold up no append", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    await client.query(`begin; lock table ${schema}.retention`);
    const reading = Promise.all(Array.from({ length: 6 }, () => log.stat()));
    await log.append([reliable("a", "1")]);
    await client.query("rollback");
    await reading;
    expect(await everything(log)).toEqual(["1"]);
  });

  test("a refusal costs no connection", async () => {
    let connections = 0;
    const { url } = await startProxy(server.url, () => {
      connections++;
      return (chunk) => [chunk];
    });
    const { open } = await openTestLog(server);
    const log = await open({}, url);
    await log.append([reliable("a", "1", { type: "end" })]);
    const before = connections;
    for (const late of ["2", "3", "4"]) await expect(log.append([reliable("a", late)])).rejects.toThrow("Expected a");
    await expect(log.append([reliable("b", "1", { key: "\0" })])).rejects.toThrow("unsupported Unicode escape");
    await log.append([reliable("b", "5")]);
    expect(connections).toBe(before);
  });

  test("works where transactions are serializable by default", async () => {
    const { open } = await openTestLog(server);
    const options = { connectionString: server.url, options: "-c default_transaction_isolation=serializable" };
    const logs = await Promise.all([open({}, options), open({}, options), open({}, options)]);
    await Promise.all(
      logs.flatMap((log, handle) =>
        Array.from({ length: 20 }, async (_, n) => {
          await sleep(n);
          const once = reliable("a", `${n}`, { idempotencyKey: `${n}` });
          await log.append([once, reliable("b", `${handle}`), { ...reliable("c", `${n}`), mode: "latest" }]);
          if (n % 5 === 0) await log.trim();
        }),
      ),
    );
    const [log] = logs;
    expect(await log?.recent(["a"], 100)).toMatchObject({ entries: { length: 20 } });
    expect(await log?.recent(["b"], 100)).toMatchObject({ entries: { length: 60 } });
    // As many as all values of the key: a page may have only replaced ones, which no trim has removed yet.
    expect(await log?.current(["c"], null, { entries: 100, bytes: 1_000 })).toMatchObject({ entries: { length: 1 } });
  });
});
