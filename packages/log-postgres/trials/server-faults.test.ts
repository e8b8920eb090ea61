import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog } from "@tidings/log";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { filterNotifications } from "../test/message-filter.ts";
import { everything, openTestLog, reliable } from "../test/test-log.ts";
import { startServer } from "../test/test-server.ts";
import { failOver } from "./fail-over.ts";
import { Follower, publishFor } from "./follower.ts";

// Servers are started, killed and copied, which takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const KILLS = 10;
const PAGE = { entries: 1_000, bytes: 1e6 };

function openOn({ url }: { readonly url: string }, options: Parameters<typeof openTestLog>[1] = {}) {
  return openTestLog({ url, newSchema: () => "tidings" }, options);
}

/** Calls until it succeeds, and returns the milliseconds that it took. */
async function timeUntilDone(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let error: unknown = null; ;) {
    try {
      await call();
      return performance.now() - start;
    } catch (cause) {
      error = cause;
      if (performance.now() - start > 30_000) throw error;
      await sleep(20);
    }
  }
}

describe("a server that", () => {
  test(`is killed ${KILLS} times amid publishes loses and doubles nothing, and keeps the epoch`, async () => {
    const server = await startServer();
    const { log, open } = await openOn(server);
    const handles = [log, await open(), await open()];
    const follower = await Follower.start(await open());
    const { epoch } = await log.head();
    const publishing = handles.map((handle, index) => publishFor(KILLS * 700, handle, `${index}`, 5));
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(400);
      await server.kill();
      await server.start();
      expect(await timeUntilDone(() => log.append([reliable("probe")]))).toBeLessThan(1_000);
    }
    const acknowledged = (await Promise.all(publishing)).flat();
    const followed = await follower.finish();
    expect(followed).toEqual(await everything(log));
    const published = followed.filter((data) => data !== '"event"');
    // Each publish was repeated until it was acknowledged, so nothing else is there.
    expect(published.toSorted()).toEqual(acknowledged.toSorted());
    expect(follower.holes).toEqual([]);
    expect((await log.head()).epoch).toBe(epoch);
  });

  test("restarts is found again: publishes fail meanwhile and say so, watchers are woken after that", async () => {
    const server = await startServer();
    const { log, open } = await openOn(server);
    const other = await open();
    await log.append([reliable("a", "1")]);
    let rings = 0;
    log.watch(() => {
      rings++;
    });
    await expect.poll(() => rings).toBeGreaterThan(0);
    await server.stop();
    await expect(log.append([reliable("a", "2")])).rejects.toThrow(/Cannot append to the log in PostgreSQL: .*ECONN/);
    await expect(log.read(await startOf(other), null, PAGE)).rejects.toThrow(/Cannot read the log in PostgreSQL/);
    await server.start();
    expect(await timeUntilDone(() => other.append([reliable("a", "3")]))).toBeLessThan(1_000);
    await expect.poll(() => everything(log)).toEqual(["1", "3"]);
    // The connection that listens comes back, too.
    await sleep(1_000);
    const before = rings;
    await other.append([reliable("a", "4")]);
    await expect.poll(() => rings, { timeout: 900 }).toBeGreaterThan(before);
  });

  test("fails over tells only the readers of what is lost, and a trim is enough to begin the epoch", async () => {
    const primary = await startServer();
    const proxy = await filterNotifications(primary.url, false);
    const { log } = await openOn(proxy);
    const { laggard, reader, promoted } = await failOver(primary, log);
    proxy.cut(promoted.url);
    // An idle reader of the suffix is told before anything is published.
    await timeUntilDone(() => log.trim());
    const { epoch, seq } = await log.head();
    expect(epoch).not.toBe(reader.epoch);
    expect(seq).toBe(laggard.seq);
    expect((await log.read(reader, ["a"], PAGE)).holes).toEqual([{ channel: "a", reason: "lost", to: seq }]);
    const appended = await log.append(Array.from({ length: 10 }, (_, n) => reliable("a", `"new ${n}"`)));
    expect((await log.read(reader, ["a"], PAGE)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
    // The laggard has lost nothing, and the cursors of what it gets are those of the acknowledgements.
    const page = await log.read(laggard, ["a"], PAGE);
    expect(page.holes).toEqual([]);
    const cursors = page.entries.map((entry) => ({ epoch: entry.epoch, seq: entry.seq }));
    expect(cursors).toEqual(appended.map(({ cursor }) => cursor));
  });

  test("fails over without a loss costs nobody a gap", async () => {
    const primary = await startServer();
    const { log } = await openOn(primary);
    await log.append([reliable("a", "1")]);
    const reader = await log.head();
    const standby = await primary.startStandby();
    onTestFinished(() => standby.remove());
    await standby.waitFor("select pg_last_wal_replay_lsn() >= $1::pg_lsn as done", [await primary.position()]);
    await primary.kill();
    await standby.promote();
    const { log: other } = await openOn(standby);
    await other.append([reliable("a", "2")]);
    expect(await other.read(reader, ["a"], PAGE)).toMatchObject({ entries: [{ data: "2" }], holes: [] });
  });

  test("does not say its timeline opens the log with a warning, and an operator can begin an epoch", async () => {
    const server = await startServer();
    await server.query("revoke execute on function pg_walfile_name(pg_lsn) from public");
    await server.query("create role limited login; grant create on database postgres to limited");
    const warnings: string[] = [];
    const onWarning = (warning: string) => warnings.push(warning);
    const { log } = await openOn({ url: server.urlOf("limited") }, { onWarning });
    expect(warnings).toEqual([expect.stringContaining("a failover that loses events cannot be noticed")]);
    await log.append([reliable("a")]);
    const before = await log.head();
    await server.query("select tidings.begin_epoch()");
    expect(await log.head()).toMatchObject({ seq: before.seq });
    expect((await log.head()).epoch).not.toBe(before.epoch);
    expect((await log.read(before, ["a"], PAGE)).holes).toEqual([]);
  });
});

async function startOf(log: EventLog) {
  return {
    epoch: await log.head().then(
      ({ epoch }) => epoch,
      () => "",
    ),
    seq: 0,
  };
}
