import { describeEventLog } from "@tidings/log/conformance";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { postgresLog } from "../src/postgres-log.ts";
import { startPgBouncer } from "../test/pg-bouncer.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { timeUntil } from "../../log/test/timing.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, emptySchema, server } from "../test/test-server.ts";

vi.setConfig({ testTimeout: 60_000 });

describe("behind a PgBouncer that shares connections between transactions,", () => {
  let bouncer: Awaited<ReturnType<typeof startPgBouncer>>;
  beforeAll(async () => {
    bouncer = await startPgBouncer(server.url);
  });
  afterAll(() => bouncer.stop());

  describeEventLog(
    "postgresLog",
    async (options) => {
      const schema = await emptySchema();
      const open = () => postgresLog(bouncer.url, { ...options, schema, onWarning() {} });
      return { log: await open(), another: open, reopen: open };
    },
    {
      survivesReopen: true,
      heedsClock: true,
      runs: 10,
      lacks: {
        cutDoorbell: "it hears nothing here, and polls",
        restart: "it is about the pooler, not the server",
        loseSuffix: "it is about the pooler, not the server",
        skewed: "it is about the pooler, not the server",
      },
    },
  );

  test("transactions of several clients at once publish all of theirs, and a rollback nothing", async () => {
    const { log } = await openTestLog(server);
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect(bouncer.url)));
    await Promise.all(
      clients.map(async (client, index) => {
        for (let round = 0; round < 10; round++) {
          await client.query("begin");
          await log.appendIn(client, [reliable("a", `${10 * index + round}`)]);
          await client.query(round % 2 === 0 ? "commit" : "rollback");
        }
      }),
    );
    const data = (await everything(log)).map(Number).toSorted((one, other) => one - other);
    expect(data).toEqual(Array.from({ length: 30 }, (_, n) => 2 * n));
  });

  test("a connection without a transaction is refused, though another client's is open", async () => {
    const { log } = await openTestLog(server);
    const [one, other] = [await connect(bouncer.url), await connect(bouncer.url)];
    await one.query("begin");
    await expect(log.appendIn(other, [reliable("a")])).rejects.toThrow(/expected a transaction/);
    await one.query("rollback");
  });

  test("LISTEN hears nothing: the log polls, and warns once", async () => {
    const { log: other, open } = await openTestLog(server);
    const warnings: string[] = [];
    const log = await open({ onWarning: (warning) => warnings.push(warning) }, bouncer.url);
    const times: number[] = [];
    for (let count = 1; count < 8; count++) {
      times.push(await timeUntil(log, count, () => other.append([reliable("a")])));
    }
    await expect.poll(() => warnings, { timeout: 10_000 }).toEqual([expect.stringContaining("LISTEN hears nothing")]);
    for (let count = 8; count < 12; count++) {
      times.push(await timeUntil(log, count, () => other.append([reliable("a")])));
    }
    // A poll comes every 400 ms.
    expect(Math.max(...times)).toBeLessThan(4_000);
    expect(warnings).toHaveLength(1);
  });
});

test("a PgBouncer that is frozen for a while makes calls fail in time, and loses or doubles nothing", async () => {
  // Of its own: connections of other tests would wait, too.
  const bouncer = await startPgBouncer(server.url);
  onTestFinished(() => bouncer.stop());
  const { log: near, open } = await openTestLog(server);
  const log = await open({ onWarning() {} }, bouncer.url);
  await Promise.all([log.head(), log.append([reliable("a", "1", { idempotencyKey: "1" })])]);
  const start = await log.head();
  bouncer.freeze();
  const begun = performance.now();
  const entries = ["2", "3", "4"].map((key) => reliable("a", key, { idempotencyKey: key }));
  const outcomes = await Promise.allSettled([
    log.read(start, null, { entries: 100, bytes: 1e6 }),
    ...entries.map((entry) => log.append([entry])),
  ]);
  expect(performance.now() - begun).toBeLessThan(20_000);
  // The entries were sent together.
  const unknown = { reason: { name: "AppendError", outcome: "unknown" } };
  expect(outcomes).toMatchObject([{ status: "rejected" }, unknown, unknown, unknown]);
  bouncer.thaw();
  await expect.poll(() => log.head().then(() => "answers", String), { timeout: 20_000 }).toBe("answers");
  for (const entry of entries) await log.append([entry]);
  expect(await everything(near)).toEqual(["1", "2", "3", "4"]);
});
