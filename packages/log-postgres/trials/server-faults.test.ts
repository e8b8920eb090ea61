import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog } from "@tidings/log";
import { execa } from "execa";
import { describe, expect, inject, onTestFinished, test, vi } from "vitest";
import { expectTold } from "../../log/test/failed-over.ts";
import { expectNothingLost, KILLS } from "../../log/test/killed-servers.ts";
import { timeUntilDone } from "../../log/test/timing.ts";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, startServer } from "../test/test-server.ts";
import { failOver } from "./fail-over.ts";

// Servers are started, killed and copied, which takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const PAGE = { entries: 1_000, bytes: 1e6 };

const { folder: programs } = inject("postgresPrograms");
/** The programs of npm lack those that dump and restore. */
const canDump = existsSync(join(programs, "pg_dump"));

async function dumpSchema(url: string): Promise<string> {
  const { stdout } = await execa(join(programs, "pg_dump"), ["--schema", "tidings", url]);
  return stdout;
}

async function restore(url: string, dump: string): Promise<void> {
  await execa(join(programs, "psql"), ["--quiet", "--set=ON_ERROR_STOP=1", url], { input: dump });
}

function openOn({ url }: { readonly url: string }, options: Parameters<typeof openTestLog>[1] = {}) {
  return openTestLog({ url, newSchema: () => "tidings" }, options);
}

describe("a server that", () => {
  test(`is killed ${KILLS} times amid publishes loses and doubles nothing, and keeps the epoch`, async () => {
    const server = await startServer();
    const { log, open } = await openOn(server);
    const { epoch } = await log.head();
    await expectNothingLost(log, open, async () => {
      await server.kill();
      await server.start();
    });
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
    const proxy = await startProxy(primary.url);
    const { log } = await openOn(proxy);
    const { promoted, ...positions } = await failOver(primary, log);
    proxy.cut(promoted.url);
    await expectTold(log, positions);
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

  test("gets an older copy of a database back tells only the readers of what is lost", async () => {
    const server = await startServer();
    await server.query("create database app");
    const url = server.url.replace(/postgres$/, "app");
    const { log, open } = await openOn({ url });
    await log.append([reliable("a", '"kept"')]);
    const laggard = await log.head();
    await log.close();
    // The same server, on the same timeline, as after a dump that is restored.
    await server.query("create database backup template app");
    const before = await open();
    await before.append([reliable("a", '"lost"')]);
    const reader = await before.head();
    await before.close();
    await server.query("drop database app");
    await server.query("alter database backup rename to app");
    const after = await open();
    await expectTold(after, { laggard, reader });
  });

  test.runIf(canDump)("restores a dump of the schema tells only the readers of what is lost", async () => {
    const server = await startServer();
    const { log } = await openOn(server);
    await log.append([reliable("a", '"kept"')]);
    const laggard = await log.head();
    const dump = await dumpSchema(server.url);
    await log.append([reliable("a", '"lost"')]);
    const reader = await log.head();
    await server.query("drop schema tidings cascade");
    await restore(server.url, dump);
    await expectTold(log, { laggard, reader });
  });

  test("is a standby opens the log with a warning: it reads, and publishes once the server is promoted", async () => {
    const primary = await startServer();
    const { log } = await openOn(primary);
    await log.append([reliable("a", "1")]);
    const standby = await primary.startStandby();
    onTestFinished(() => standby.remove());
    await standby.waitFor("select pg_last_wal_replay_lsn() >= $1::pg_lsn as done", [await primary.position()]);
    const warnings: string[] = [];
    const { log: reader } = await openOn(standby, { onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([expect.stringContaining("the server is a standby")]);
    const start = { ...(await reader.head()), seq: 0 };
    const refused = { outcome: "none", message: expect.stringContaining("connect to the primary") };
    await expect(reader.append([reliable("a", "2")])).rejects.toMatchObject(refused);
    await primary.kill();
    await standby.promote();
    await standby.waitFor("select not pg_is_in_recovery() as done");
    await reader.append([reliable("a", "2")]);
    expect(await reader.read(start, ["a"], PAGE)).toMatchObject({ entries: [{ data: "1" }, { data: "2" }] });
    // The failover was noticed, so the warning about timelines would be wrong.
    expect((await reader.head()).epoch).not.toBe(start.epoch);
  });

  test("knows two-phase commits prepares no transaction that publishes, and holds no lock for it", async () => {
    const server = await startServer({ max_prepared_transactions: 1 });
    const { log } = await openOn(server);
    const client = await connect(server.url);
    await client.query("begin; create table kept ()");
    await client.query("prepare transaction 'without a publish'");
    await client.query("rollback prepared 'without a publish'");
    await client.query("begin");
    await log.appendIn(client, [reliable("a", "1")]);
    await expect(client.query("prepare transaction 'with a publish'")).rejects.toThrow(/cannot PREPARE .* NOTIFY/);
    await log.append([reliable("a", "2")]);
    expect(await everything(log)).toEqual(["2"]);
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
