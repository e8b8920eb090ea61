import { setTimeout } from "node:timers/promises";
import { systemClock } from "@tidings/protocol/clock";
import { describe, expect, test } from "vitest";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { DURABLE, FLEETING, type RedisServer } from "../test/redis-server.ts";
import { everything, latest, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, server, startServer } from "../test/test-server.ts";

/** How many scripts the server has run. */
async function countScripts(own: RedisServer): Promise<number> {
  const stats = String(await own.send("info", "commandstats"));
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** The memory that the server uses, in bytes. */
async function usedMemory(own: RedisServer): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await own.send("info", "memory")))?.[1]);
}

describe.runIf(hasServer)("append", () => {
  test("what is published in one turn is one script", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "one" });
    await log.append([reliable("a", "first")]);
    const before = await countScripts(own);
    await Promise.all(Array.from({ length: 50 }, (_, n) => log.append([reliable("a", `${n}`)])));
    expect((await countScripts(own)) - before).toBe(1);
    expect(await everything(log)).toEqual(["first", ...Array.from({ length: 50 }, (_, n) => `${n}`)]);
  });

  test("an append is behind the head that was asked for before, though its connection is the faster one", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "head" });
    await own.send("client", "kill", "type", "normal");
    // Only the connection for appends is made again.
    await expect.poll(() => log.append([reliable("a", "1")]).catch(() => null)).not.toBeNull();
    const [head, appended] = await Promise.all([log.head(), log.append([reliable("a", "2")])]);
    expect(head.seq).toBeLessThan(appended[0]?.cursor.seq ?? 0);
  });

  test("more than one script may have is several, in the order of the calls", async () => {
    const { log } = await openTestLog(server);
    const batches = Array.from({ length: 5 }, (_, n) =>
      Array.from({ length: 700 }, (_value, m) => reliable("a", `${700 * n + m}`)),
    );
    await Promise.all(batches.map((batch) => log.append(batch)));
    expect(await everything(log)).toEqual(Array.from({ length: 3_500 }, (_, n) => `${n}`));
  });

  test("a bad entry fails alone: the others of its turn are appended", async () => {
    const { log } = await openTestLog(server);
    const appended = await Promise.allSettled([
      log.append([reliable("a", "1")]),
      log.append([reliable("a", "2", { idempotencyKey: "\ud800" })]),
      log.append([latest("a", "x", "3", { expects: { epoch: "other", seq: 1 } })]),
      log.append([reliable("a", "4")]),
    ]);
    expect(appended.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(appended[1]).toMatchObject({ reason: { name: "AppendError", outcome: "none" } });
    expect(await everything(log)).toEqual(["1", "4"]);
  });

  test("its times are those of the server, whatever the clock of the process says", async () => {
    const { log, open } = await openTestLog(server);
    const behind = { ...systemClock, now: () => systemClock.now() - 10_000 };
    const other = await open({ clock: behind });
    await other.append([{ channel: "a", type: "typing", mode: "volatile", data: "1" }]);
    expect(await everything(log)).toEqual(["1"]);
    // What the test would find out: a hint of the past is owed to nobody.
    const naive = await open({ clock: behind, now: behind.now });
    await naive.append([{ channel: "a", type: "typing", mode: "volatile", data: "2" }]);
    expect(await everything(log)).toEqual(["1"]);
  });

  test("a full memory stores nothing and says so; with more memory, publishing goes on", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "full" });
    await log.append([reliable("a", "1")]);
    await own.send("config", "set", "maxmemory", 1);
    const appending = log.append([reliable("a", "2", { idempotencyKey: "once" }), latest("a", "x", "3")]);
    await expect(appending).rejects.toMatchObject({
      name: "AppendError",
      outcome: "none",
      message: expect.stringContaining("raise maxmemory"),
    });
    expect(await everything(log)).toEqual(["1"]);
    await own.send("config", "set", "maxmemory", 0);
    expect(await log.append([reliable("a", "2", { idempotencyKey: "once" })])).toMatchObject([{ duplicate: false }]);
    expect(await everything(log)).toEqual(["1", "2"]);
  });

  test("a full memory stops no retention: shorter rules make room, and publishing goes on", async () => {
    let now = 1e12;
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "full" }, { now: () => now });
    await log.append([latest("values", "x", "1", { expires: 1_000 }), reliable("young", "1")]);
    const large = Array.from({ length: 100 }, () => reliable("large", `"${"x".repeat(1_000)}"`));
    for (let batch = 0; batch < 6; batch++) await log.append(large);
    // What the server allocates by itself comes and goes in this room, and what is large has much more.
    await own.send("config", "set", "maxmemory", (await usedMemory(own)) - 200_000);
    now += 1_000;
    const refused = { name: "AppendError", outcome: "none", message: expect.stringContaining("raise maxmemory") };
    await expect(log.append([reliable("young", "2")])).rejects.toMatchObject(refused);
    const all = { entries: Infinity, age: Infinity };
    await log.setRules({ channels: [{ pattern: "large", ...all, entries: 1 }], default: all });
    await log.trim();
    expect(await log.stat()).toMatchObject({ entries: 3 });
    await log.append([reliable("young", "2")]);
    expect((await everything(log)).toSpliced(1, 1)).toEqual(["1", null, "2"]);
  });

  test("a server that has forgotten its scripts is told them again", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "scripts" });
    await log.append([reliable("a", "1")]);
    await own.send("script", "flush");
    await log.append([reliable("a", "2")]);
    await own.send("script", "flush");
    expect(await everything(log)).toEqual(["1", "2"]);
  });

  test("a connection that is cut before the answer: the script runs once, and the call settles at once", async () => {
    const own = await startServer(DURABLE);
    const proxy = await startProxy(own.url);
    const { log, open } = await openTestLog({ url: own.url, newName: () => "cut" });
    // Only the cut can settle the call in time.
    const far = await open({ patience: 15_000 }, proxy.url);
    await far.append([reliable("a", "0")]);
    own.pause();
    const start = performance.now();
    const keyed = reliable("a", "2", { idempotencyKey: "once" });
    // The first entry has no key: it would be there twice if the script ran again.
    const appending = far.append([reliable("a", "1"), keyed]).catch((error: unknown) => error);
    // The script is on its way to the server, which goes on later.
    await setTimeout(300);
    proxy.cut();
    expect(await appending).toMatchObject({ name: "AppendError", outcome: "unknown" });
    expect(performance.now() - start).toBeLessThan(5_000);
    own.resume();
    await expect.poll(() => everything(log)).toEqual(["0", "1", "2"]);
    expect(await far.append([keyed])).toMatchObject([{ duplicate: true }]);
    expect(await everything(log)).toEqual(["0", "1", "2"]);
  });

  test("a server that does not answer: the call settles within the patience, and the next one works", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "paused" }, { patience: 1_000 });
    await log.append([reliable("a", "0")]);
    own.pause();
    const start = performance.now();
    const entry = reliable("a", "1", { idempotencyKey: "once" });
    const appending = log.append([entry]).catch((error: unknown) => error);
    await setTimeout(100);
    const waiting = log.append([reliable("a", "2")]).catch((error: unknown) => error);
    expect(await appending).toMatchObject({ name: "AppendError", outcome: "unknown" });
    // It has not waited for as long again, and was never sent.
    expect(await waiting).toMatchObject({ name: "AppendError", outcome: "none" });
    expect(performance.now() - start).toBeLessThan(1_900);
    await expect(log.head()).rejects.toThrow("no answer within 1000 ms");
    expect(performance.now() - start).toBeLessThan(5_000);
    own.resume();
    await log.append([entry]);
    expect(await everything(log)).toEqual(["0", "1"]);
  });

  test("commands that wait in vain leave no connection behind", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "many" }, { patience: 400 });
    await log.append([reliable("a", "1")]);
    for (let round = 0; round < 3; round++) {
      own.pause();
      const calls = [log.head(), setTimeout(100).then(() => log.head()), setTimeout(200).then(() => log.head())];
      for (const { status } of await Promise.allSettled([...calls, log.append([reliable("a")])])) {
        expect(status).toBe("rejected");
      }
      own.resume();
      await expect
        .poll(() =>
          log.head().then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
      await expect
        .poll(() =>
          log.append([reliable("a")]).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    }
    const clients = async () => String(await own.send("client", "list")).match(/name=tidings/g)?.length;
    await expect.poll(clients).toBe(2);
  });

  test("a server that is not there stores nothing", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "gone" });
    await own.kill();
    // A connection that has ended is noticed when it is used.
    await log.append([reliable("a")]).catch(() => {});
    await expect(log.append([reliable("a")])).rejects.toMatchObject({
      name: "AppendError",
      outcome: "none",
      message: expect.stringMatching(/Cannot append to the log in Redis: .*ECONNREFUSED.*Nothing was written/),
    });
  });

  test("a replica refuses it, and the log looks for the primary behind the same address", async () => {
    const [primary, replica] = [await startServer(FLEETING), await startServer(FLEETING)];
    await replica.follow(primary);
    const proxy = await startProxy(primary.url);
    const { log } = await openTestLog({ url: proxy.url, newName: () => "moved" });
    await log.append([reliable("a", "1")]);
    proxy.cut(replica.url);
    await log.append([reliable("a", "2")]).catch(() => {});
    await expect(log.append([reliable("a", "2")])).rejects.toMatchObject({
      outcome: "none",
      message: expect.stringContaining("connect to the primary"),
    });
    proxy.cut(primary.url);
    await log.append([reliable("a", "3")]);
    expect(await everything(log)).toEqual(["1", "3"]);
  });

  test("with replicas, it waits until they have it, and says when they have not", async () => {
    const [primary, replica] = [await startServer(FLEETING), await startServer(FLEETING)];
    await replica.follow(primary);
    const { log } = await openTestLog({ url: primary.url, newName: () => "wait" }, { replicas: 1, patience: 2_000 });
    const [appended] = await log.append([reliable("a", "1")]);
    expect(await replica.send("hget", "{wait}:meta", "seq")).toBe(String(appended?.cursor.seq));
    replica.pause();
    await expect(log.append([reliable("a", "2")])).rejects.toMatchObject({
      name: "AppendError",
      outcome: "unknown",
      message: expect.stringContaining("expected 1 replicas to confirm, got 0"),
    });
    replica.resume();
  });

  test("with replicas, a connection that is cut while it waits for them leaves the outcome unknown", async () => {
    const [primary, replica] = [await startServer(FLEETING), await startServer(FLEETING)];
    await replica.follow(primary);
    const proxy = await startProxy(primary.url);
    const { log } = await openTestLog({ url: proxy.url, newName: () => "wait" }, { replicas: 1 });
    replica.pause();
    const appending = log.append([reliable("a", "1")]).catch((error: unknown) => error);
    await expect.poll(() => primary.send("hget", "{wait}:meta", "seq")).toBe("1");
    proxy.cut();
    expect(await appending).toMatchObject({
      name: "AppendError",
      outcome: "unknown",
      message: expect.stringContaining("nobody knows whether the replicas have it"),
    });
    replica.resume();
    expect(await everything(log)).toEqual(["1"]);
  });

  test("ends after what was published before the end of the log", async () => {
    const { log, open } = await openTestLog(server);
    const closing = await open();
    const appending = closing.append([reliable("a", "1")]);
    await closing.close();
    expect(await appending).toHaveLength(1);
    expect(await everything(log)).toEqual(["1"]);
  });
});
