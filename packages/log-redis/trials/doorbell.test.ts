import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { startProxy, type AnswerFilter } from "../../log/test/node/tcp-proxy.ts";
import { timeUntil } from "../../log/test/timing.ts";
import { FLEETING, type RedisServer } from "../test/redis-server.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, startServer } from "../test/test-server.ts";

/** What subscriptions hear is left out. A message is short, and comes alone. */
const withoutMessages = (): AnswerFilter => (chunk) => (chunk.includes("\r\nmessage\r\n") ? [] : [chunk]);

/** A log on a server of its own, with what it warns of. */
async function openAlone() {
  const own = await startServer(FLEETING);
  const warnings: string[] = [];
  // Not those about the settings of the server.
  const onWarning = (warning: string): void => {
    if (!warning.includes("disk")) warnings.push(warning);
  };
  const opened = await openTestLog({ url: own.url, newName: () => "log" }, { onWarning });
  return { own, warnings, ...opened, other: await opened.open() };
}

/** Ends the connections that listen. Returns how many there were. */
async function endSubscriptions(own: RedisServer): Promise<number> {
  return Number(await own.send("client", "kill", "type", "pubsub"));
}

describe.runIf(hasServer)("the doorbell", () => {
  test("rings for another process at once: long before a poll, after a quiet time, too", async () => {
    const { log, other, warnings } = await openAlone();
    await timeUntil(log, 1, () => other.append([reliable("a")]));
    await sleep(1_500);
    const times: number[] = [];
    for (const count of [2, 3, 4]) times.push(await timeUntil(log, count, () => other.append([reliable("a")])));
    expect(Math.min(...times)).toBeLessThan(300);
    expect(Math.max(...times)).toBeLessThan(900);
    expect(warnings).toEqual([]);
  });

  test("behind a proxy where a subscription hears nothing, polls and warns once", async () => {
    const { own, other, open } = await openAlone();
    const { url } = await startProxy(own.url, withoutMessages);
    const warnings: string[] = [];
    const log = await open({ onWarning: (warning) => warnings.push(warning) }, url);
    warnings.length = 0;
    await timeUntil(log, 1, () => other.append([reliable("a")]));
    await sleep(2_500);
    for (const count of [2, 3, 4]) {
      expect(await timeUntil(log, count, () => other.append([reliable("a")]))).toBeLessThan(900);
    }
    expect(warnings).toEqual([expect.stringContaining("SUBSCRIBE hears nothing")]);
  });

  test("for a user without the right to its channel, polls and warns once; appends go on", async () => {
    const { own, other, open } = await openAlone();
    await own.send("acl", "setuser", "deaf", "on", "nopass", "~*", "resetchannels", "+@all");
    const warnings: string[] = [];
    const log = await open(
      { onWarning: (warning) => warnings.push(warning) },
      { port: own.port, username: "deaf", password: "any" },
    );
    warnings.length = 0;
    await timeUntil(log, 1, () => other.append([reliable("a")]));
    await log.append([reliable("a")]);
    expect(await timeUntil(log, 3, () => other.append([reliable("a")]))).toBeLessThan(900);
    await expect.poll(() => warnings).toEqual([expect.stringContaining("the right to the channel {log}:bell")]);
  });

  test.for(["subscribe", "publish"])("on a server without %s, polls and warns once; appends go on", async (command) => {
    const folder = await mkdtemp(join(tmpdir(), "tidings-redis-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "redis.conf");
    await writeFile(file, `rename-command ${command} ""\n`);
    const own = await startServer({ ...FLEETING, include: file });
    const warnings: string[] = [];
    const onWarning = (warning: string) => warnings.push(warning);
    const { log, open } = await openTestLog({ url: own.url, newName: () => "log" }, { onWarning });
    const other = await open();
    warnings.length = 0;
    await timeUntil(log, 1, () => other.append([reliable("a")]));
    expect(await timeUntil(log, 2, () => other.append([reliable("a")]))).toBeLessThan(900);
    await expect.poll(() => warnings).toEqual([expect.stringContaining("SUBSCRIBE and PUBLISH")]);
  });

  test("comes back after its connection was ended, and what came meanwhile is not missed", async () => {
    const { own, log, other } = await openAlone();
    await timeUntil(log, 1, () => other.append([reliable("a")]));
    for (let count = 2; count < 6; count++) {
      await expect.poll(() => endSubscriptions(own)).toBeGreaterThan(0);
      expect(await timeUntil(log, count, () => other.append([reliable("a")]))).toBeLessThan(3_000);
    }
  });

  test("a cut of every connection ends nothing: the next appends and reads use new ones", async () => {
    const { own, other, open } = await openAlone();
    const { url, cut } = await startProxy(own.url);
    const log = await open({}, url);
    await timeUntil(log, 1, () => log.append([reliable("a")]));
    cut();
    expect(await timeUntil(log, 2, () => other.append([reliable("a")]))).toBeLessThan(3_000);
    await log.append([reliable("a")]);
    expect(await everything(other)).toHaveLength(3);
  });

  test("is one connection, however many watch, and none while nobody does", async () => {
    const { own, log } = await openAlone();
    const subscribers = async () => (await own.send("pubsub", "numsub", "{log}:bell")) as [string, number];
    expect((await subscribers())[1]).toBe(0);
    for (let n = 0; n < 100; n++) log.watch(() => {});
    await expect.poll(async () => (await subscribers())[1]).toBe(1);
    await log.close();
    await expect.poll(async () => (await subscribers())[1]).toBe(0);
  });

  test("closing while it is being tested warns of nothing", async () => {
    const { own, open } = await openAlone();
    const { url } = await startProxy(own.url, withoutMessages);
    const warnings: string[] = [];
    const log = await open({ onWarning: (warning) => warnings.push(warning) }, url);
    warnings.length = 0;
    log.watch(() => {});
    await sleep(100);
    await log.close();
    await sleep(2_100);
    expect(warnings).toEqual([]);
  });
});
