import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { timeUntil } from "../../log/test/timing.ts";
import { onConnection } from "../test/connection.ts";
import { filterNotifications } from "../test/message-filter.ts";
import { openTestLog } from "../test/test-log.ts";
import { server } from "../test/test-server.ts";

describe("the doorbell", () => {
  /** Ends the server's side of the connections of a log, of those that listen or the others. */
  async function terminate(schema: string, isListening: boolean): Promise<number> {
    const condition = `query like '%"${schema}"%' and query ${isListening ? "" : "not "}like 'listen%'`;
    const { rowCount } = await onConnection(server.url, (client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tidings' and ${condition}`,
      ),
    );
    return rowCount ?? 0;
  }

  test("rings for another process at once: long before a poll, after a quiet time, too", async () => {
    const warnings: string[] = [];
    const { log, open } = await openTestLog(server, { onWarning: (warning) => warnings.push(warning) });
    const other = await open();
    await timeUntil(log, 1, () => other.append([reliable("a")]));
    await sleep(1_500);
    const times: number[] = [];
    for (const count of [2, 3, 4]) times.push(await timeUntil(log, count, () => other.append([reliable("a")])));
    expect(Math.min(...times)).toBeLessThan(300);
    expect(Math.max(...times)).toBeLessThan(900);
    expect(warnings).toEqual([]);
  });

  test("behind a pooler, where LISTEN hears nothing, polls and warns once", async () => {
    const { url } = await filterNotifications(server.url);
    const warnings: string[] = [];
    const { log: other, open } = await openTestLog(server);
    const log = await open({ onWarning: (warning) => warnings.push(warning) }, url);
    await timeUntil(log, 1, () => other.append([reliable("a")]));
    await sleep(1_500);
    for (const count of [2, 3, 4]) {
      expect(await timeUntil(log, count, () => other.append([reliable("a")]))).toBeLessThan(900);
    }
    expect(warnings).toEqual([expect.stringContaining("LISTEN hears nothing")]);
  });

  test("comes back after its connection was ended, and what came meanwhile is not missed", async () => {
    const { log, open, schema } = await openTestLog(server);
    const other = await open();
    await timeUntil(log, 1, () => other.append([reliable("a")]));
    for (let count = 2; count < 6; count++) {
      await expect.poll(() => terminate(schema, true)).toBeGreaterThan(0);
      expect(await timeUntil(log, count, () => other.append([reliable("a")]))).toBeLessThan(3_000);
    }
  });

  test("a cut of every connection ends nothing: the next appends and reads use new ones", async () => {
    const { url, cut } = await startProxy(server.url);
    const { log: other, open } = await openTestLog(server);
    const log = await open({}, url);
    await timeUntil(log, 1, () => log.append([reliable("a")]));
    cut();
    expect(await timeUntil(log, 2, () => other.append([reliable("a")]))).toBeLessThan(3_000);
    await log.append([reliable("a")]);
    expect(await everything(other)).toHaveLength(3);
  });

  test("an idle connection that the server ends does not end the process", async () => {
    const { log, schema } = await openTestLog(server);
    await Promise.all([log.head(), log.head(), log.head()]);
    expect(await terminate(schema, false)).toBeGreaterThan(0);
    await sleep(100);
    await log.append([reliable("a", '"after"')]);
    expect(await everything(log)).toEqual(['"after"']);
  });

  test("closing while it is being tested warns of nothing", async () => {
    const { url } = await filterNotifications(server.url);
    const warnings: string[] = [];
    const { log } = await openTestLog(
      { url, newSchema: () => server.newSchema() },
      { onWarning: (text) => warnings.push(text) },
    );
    log.watch(() => {});
    await sleep(100);
    await log.close();
    await sleep(2_100);
    expect(warnings).toEqual([]);
  });
});
