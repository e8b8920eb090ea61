import type { NewEntry } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

const end = (channel: string, data = '"end"', more: Partial<NewEntry> = {}): NewEntry =>
  reliable(channel, data, { type: "end", ...more });

describe("the end of a channel", () => {
  test("is seen inside a transaction, and the others of a refused turn are appended", async () => {
    const { log } = await openTestLog(server);
    const client = await connect();
    const [ended] = await log.append([end("a", "1")]);
    await client.query("begin");
    await log.appendIn(client, [reliable("b", "2")]);
    await expect(log.appendIn(client, [reliable("a", "3")])).rejects.toMatchObject({
      name: "EndedError",
      cursor: ended?.cursor,
    });
    await client.query("rollback");
    await client.query("begin");
    await expect(log.appendIn(client, [end("b"), reliable("b")])).rejects.toMatchObject({ cursor: null });
    await client.query("rollback");
    expect(await everything(log)).toEqual(["1"]);
  });

  test("of two transactions that end a channel, the second one fails to commit", async () => {
    const { log } = await openTestLog(server);
    const [one, other] = [await connect(), await connect()];
    for (const client of [one, other]) await client.query("begin");
    await log.appendIn(one, [end("a", "1")]);
    await log.appendIn(other, [reliable("b", "2"), end("a", "3")]);
    await one.query("commit");
    await expect(other.query("commit")).rejects.toThrow(/tidings ended: a at/);
    expect(await everything(log)).toEqual(["1"]);
  });

  test("that one transaction publishes refuses its later entries at the commit", async () => {
    const { log } = await openTestLog(server);
    const client = await connect();
    await client.query("begin");
    await log.appendIn(client, [end("a", "1")]);
    await log.appendIn(client, [reliable("a", "2")]);
    await expect(client.query("commit")).rejects.toThrow(/tidings ended: a at ""/);
    expect(await everything(log)).toEqual([]);
  });

  test.each(["repeatable read", "serializable"])(
    "in a %s transaction that does not see the end, the commit fails, and another attempt is told",
    async (isolation) => {
      const { log } = await openTestLog(server);
      const client = await connect();
      await client.query(`begin isolation level ${isolation}`);
      await client.query("select 1");
      await log.append([end("a", "1")]);
      const publishing = async () => {
        await log.appendIn(client, [reliable("a", "2")]);
        await client.query("commit");
      };
      await expect(publishing()).rejects.toThrow(/could not serialize access/);
      await client.query("rollback");
      await client.query(`begin isolation level ${isolation}`);
      await expect(publishing()).rejects.toMatchObject({ name: "EndedError" });
      await client.query("rollback");
      expect(await everything(log)).toEqual(["1"]);
    },
  );

  test("past its retention leaves nothing in the tables: a thousand jobs leave as many rows as one", async () => {
    let now = Date.now();
    const { log, schema } = await openTestLog(server, {
      keep: { age: 1_000, emptyChannels: 10 },
      now: () => now,
    });
    const client = await connect();
    const rowsAfter = async (first: number, count: number) => {
      const jobs = Array.from({ length: count }, (_, index) => `jobs/${first + index}`);
      const value = (job: string) => reliable(job, "2", { type: "progress", mode: "latest", key: "" });
      await log.append(jobs.flatMap((job) => [reliable(job, "1", { idempotencyKey: "start" }), value(job), end(job)]));
      await log.append([reliable("lobby", '"hi"')]);
      now += 601_000;
      await log.append([reliable("lobby", '"hi"')]);
      await log.trim();
      const counts: number[] = [];
      for (const table of ["entry", "channel", "idempotency", "mark", "staged"]) {
        const { rows } = await client.query(`select count(*)::int as count from ${schema}.${table}`);
        counts.push((rows[0] as { count: number }).count);
      }
      return counts;
    };
    const rows = await rowsAfter(0, 1);
    // Of each of four marks, the newest.
    expect(rows).toEqual([1, 1, 0, 4, 0]);
    expect(await rowsAfter(1, 1_000)).toEqual(rows);
    expect(await log.stat()).toMatchObject({ entries: 1 });
  });
});
