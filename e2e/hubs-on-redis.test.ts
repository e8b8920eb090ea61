import { redisLog } from "@tidings/log-redis";
import { describe, expect, test, vi } from "vitest";
import { DURABLE, type RedisServer } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";
import { commitsOfSixteen, delayBetween, followWithEach, openHub, publish, type Hub } from "./shared-hubs.ts";

// Rates are measured, and a server is killed.
vi.setConfig({ testTimeout: 120_000 });

const openOn = async (server: RedisServer): Promise<Hub> =>
  openHub(await redisLog(server.url, { onWarning: () => {} }));

describe.runIf(hasServer)("two hubs on one Redis", () => {
  test("have one order, and lose and repeat nothing while the server is killed and started again", async () => {
    const server = await startServer(DURABLE);
    const hubs = [await openOn(server), await openOn(server)] as const;
    const readers = await followWithEach([{ hub: hubs[0] }, { hub: hubs[1] }]);
    const publishing = hubs.map(async (hub, index) => {
      for (let n = 0; n < 300; n++) await publish(hub, `${index} ${n}`);
    });
    for (let kill = 0; kill < 3; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await server.kill();
      await server.start();
    }
    await Promise.all(publishing);
    await expect.poll(() => readers.map(({ length }) => length)).toEqual([600, 600]);
    expect(readers[1]).toEqual(readers[0]);
    expect(new Set(readers[0]).size).toBe(600);
  });

  test("append for 16 publishers in a fifth of the scripts that one of them needs, or in fewer", async () => {
    const server = await startServer(DURABLE);
    const countScripts = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await server.send("info", "commandstats")))?.[1] ?? 0);
    expect(await commitsOfSixteen(await openOn(server), countScripts)).toBeLessThan(1 / 5);
  });

  test("deliver from one to the other in at most three times the time within one", async () => {
    const server = await startServer(DURABLE);
    expect(await delayBetween(await openOn(server), await openOn(server))).toBeLessThan(3);
  });
});
