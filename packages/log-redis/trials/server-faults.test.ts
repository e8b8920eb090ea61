import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { expectTold } from "../../log/test/failed-over.ts";
import { expectNothingLost, KILLS } from "../../log/test/killed-servers.ts";
import { timeUntilDone } from "../../log/test/timing.ts";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { DURABLE, FLEETING, type RedisServer } from "../test/redis-server.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, startServer } from "../test/test-server.ts";
import { failOver, waitForCopy } from "./fail-over.ts";

// Servers are started, killed and copied, which takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const PAGE = { entries: 1_000, bytes: 1e6 };

function openOn({ url }: { readonly url: string }, options: Parameters<typeof openTestLog>[1] = {}) {
  return openTestLog({ url, newName: () => "log" }, options);
}

async function restart(server: RedisServer): Promise<void> {
  await server.kill();
  await server.start();
}

describe.runIf(hasServer)("a server that", () => {
  test(`is killed ${KILLS} times amid publishes loses and doubles nothing, and costs nobody a gap`, async () => {
    const server = await startServer(DURABLE);
    const { log, open } = await openOn(server);
    await expectNothingLost(log, open, () => restart(server));
  });

  test("restarts is found again: publishes fail meanwhile and say so, watchers are woken after that", async () => {
    const server = await startServer(DURABLE);
    const { log, open } = await openOn(server);
    const other = await open();
    await log.append([reliable("a", "1")]);
    let rings = 0;
    log.watch(() => {
      rings++;
    });
    await expect.poll(() => rings).toBeGreaterThan(0);
    await server.stop();
    await log.append([reliable("a", "2")]).catch(() => {});
    await expect(log.append([reliable("a", "2")])).rejects.toMatchObject({ name: "AppendError", outcome: "none" });
    await expect(other.head()).rejects.toThrow(/Cannot read the log in Redis: .*ECONNREFUSED/);
    await server.start();
    expect(await timeUntilDone(() => other.append([reliable("a", "3")]))).toBeLessThan(1_000);
    await expect.poll(() => everything(log)).toEqual(["1", "3"]);
    // The connection that listens comes back, too.
    await sleep(2_000);
    const before = rings;
    await other.append([reliable("a", "4")]);
    await expect.poll(() => rings, { timeout: 900 }).toBeGreaterThan(before);
  });

  test("restarts without a file: every reader gets a reset, and none goes on at a position that it had", async () => {
    const server = await startServer(FLEETING);
    const { log } = await openOn(server);
    for (let n = 0; n < 10; n++) await log.append([reliable("a", `"before ${n}"`)]);
    const reader = await log.head();
    await restart(server);
    await timeUntilDone(() => log.append(Array.from({ length: 20 }, (_, n) => reliable("a", `"after ${n}"`))));
    const page = await log.read(reader, ["a"], PAGE);
    expect(page).toMatchObject({ entries: [], holes: [{ channel: "a", reason: "reset" }] });
    expect((await log.read(page.next, ["a"], PAGE)).holes).toEqual([]);
  });

  test("restarts with an old snapshot: only readers that have seen what came after it get a gap", async () => {
    const server = await startServer({ save: "3600 1" });
    const { log } = await openOn(server);
    for (let n = 0; n < 10; n++) await log.append([reliable("a", `"kept ${n}"`)]);
    const laggard = await log.head();
    await server.send("save");
    for (let n = 0; n < 5; n++) await log.append([reliable("a", `"lost ${n}"`)]);
    const reader = await log.head();
    await restart(server);
    // Before anything is published, by the next trim.
    await timeUntilDone(() => log.trim());
    expect(await log.head()).toMatchObject({ seq: laggard.seq });
    expect((await log.read(reader, ["a"], PAGE)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
    await log.append(Array.from({ length: 10 }, (_, n) => reliable("a", `"new ${n}"`)));
    expect((await log.read(reader, ["a"], PAGE)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
    expect(await log.read(laggard, ["a"], PAGE)).toMatchObject({ entries: { length: 10 }, holes: [] });
  });

  test("hangs while many ask it costs each of them an answer, and no warning of Node", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const server = await startServer(FLEETING);
    const { log } = await openOn(server, { patience: 1_000 });
    await log.append([reliable("a", "1")]);
    server.pause();
    const asked = await Promise.allSettled(Array.from({ length: 30 }, () => log.head()));
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => "rejected"));
    server.resume();
    expect(await everything(log)).toEqual(["1"]);
    expect(warnings).toEqual([]);
  });

  test("fails over tells only the readers of what is lost, and a trim is enough to begin the epoch", async () => {
    const primary = await startServer(DURABLE);
    const proxy = await startProxy(primary.url);
    const { log } = await openOn(proxy);
    const { promoted, ...positions } = await failOver(primary, log);
    proxy.cut(promoted.url);
    await expectTold(log, positions);
  });

  test("fails over without a loss costs nobody a gap", async () => {
    const [primary, replica] = [await startServer(DURABLE), await startServer(DURABLE)];
    const { log } = await openOn(primary);
    await replica.follow(primary);
    await log.append([reliable("a", "1")]);
    const reader = await log.head();
    await waitForCopy(replica, log);
    await primary.kill();
    await replica.promote();
    const { log: other } = await openOn(replica);
    await other.append([reliable("a", "2")]);
    expect(await other.read(reader, ["a"], PAGE)).toMatchObject({ entries: [{ data: "2" }], holes: [] });
  });

  test("fails over and back again, though the copy was never written to: what was lost is noticed", async () => {
    const [first, second] = [await startServer(DURABLE), await startServer(DURABLE)];
    const { log } = await openOn(first);
    await second.follow(first);
    await log.append([reliable("a", '"kept"')]);
    await waitForCopy(second, log);
    await second.promote();
    await log.append([reliable("a", '"lost"')]);
    const reader = await log.head();
    // The first one has the name of its process all the time.
    await first.follow(second);
    await first.promote();
    await log.append([reliable("a", '"new"'), reliable("a", '"new"')]);
    expect((await log.read(reader, ["a"], PAGE)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
  });
});

describe.runIf(hasServer)("the client as it comes", () => {
  test("runs a script twice whose connection is cut: that is why a link never sends again", async () => {
    const server = await startServer(FLEETING);
    const proxy = await startProxy(server.url);
    const client = new Redis(proxy.url);
    client.on("error", () => {});
    await client.ping();
    server.pause();
    const running = client.call("incr", "runs");
    await sleep(300);
    proxy.cut();
    await sleep(300);
    server.resume();
    expect(await running).toBe(2);
    client.disconnect();
  });
});
