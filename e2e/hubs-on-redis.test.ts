import { channel, defineContract } from "@tidings/contract";
import { redisLog } from "@tidings/log-redis";
import { createHub } from "@tidings/server";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { DURABLE, type RedisServer } from "../packages/log-redis/test/redis-server.ts";
import { hasServer, startServer } from "../packages/log-redis/test/test-server.ts";

// Rates are measured, and a server is killed.
vi.setConfig({ testTimeout: 120_000 });

const contract = defineContract({
  room: channel("rooms/:roomId", { said: z.object({ text: z.string(), at: z.number() }) }),
});
const room = contract.room({ roomId: "lobby" });

async function openHub(server: RedisServer) {
  const log = await redisLog(server.url, { onWarning: () => {} });
  const hub = createHub(contract, { log, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  return hub;
}
type Hub = Awaited<ReturnType<typeof openHub>>;

/** Follows a room from now on. Calls `onSaid` for each event, and notes everything as a text. */
function follow(hub: Hub, onSaid: (at: number) => void = () => {}): string[] {
  const seen: string[] = [];
  const ending = new AbortController();
  const read = async (): Promise<void> => {
    for await (const item of hub.events(room, { signal: ending.signal })) {
      if (item.kind === "event") onSaid(item.data.at);
      seen.push(item.kind === "event" ? item.data.text : item.kind);
    }
  };
  const reading = read().catch((error: unknown) => seen.push(String(error)));
  onTestFinished(async () => {
    ending.abort();
    await reading;
  });
  return seen;
}

/** Publishes until it succeeds. */
async function publish(hub: Hub, text: string): Promise<void> {
  for (;;) {
    try {
      await hub.publish(room, "said", { text, at: performance.now() }, { idempotencyKey: text });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

describe.runIf(hasServer)("two hubs on one Redis", () => {
  test("have one order, and lose and repeat nothing while the server is killed and started again", async () => {
    const server = await startServer(DURABLE);
    const hubs = [await openHub(server), await openHub(server)];
    const readers = hubs.map((hub) => follow(hub));
    await Promise.all(hubs.map((hub, index) => publish(hub, `first ${index}`)));
    await expect.poll(() => readers.map(({ length }) => length)).toEqual([2, 2]);
    const publishing = hubs.map(async (hub, index) => {
      for (let n = 0; n < 300; n++) await publish(hub, `${index} ${n}`);
    });
    for (let kill = 0; kill < 3; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await server.kill();
      await server.start();
    }
    await Promise.all(publishing);
    await expect.poll(() => readers.map(({ length }) => length)).toEqual([602, 602]);
    expect(readers[1]).toEqual(readers[0]);
    expect(new Set(readers[0]).size).toBe(602);
  });

  test("append for 16 publishers in a fifth of the scripts that one of them needs, or in fewer", async () => {
    const server = await startServer(DURABLE);
    const hub = await openHub(server);
    const measure = async (publishers: number) => {
      await server.send("config", "resetstat");
      const start = performance.now();
      let count = 0;
      const repeat = async (): Promise<void> => {
        for (; performance.now() - start < 1_000; count++) await hub.publish(room, "said", { text: "hi", at: 0 });
      };
      await Promise.all(Array.from({ length: publishers }, repeat));
      const rate = count / (performance.now() - start);
      const scripts = /cmdstat_evalsha:calls=(\d+)/.exec(String(await server.send("info", "commandstats")))?.[1];
      return { rate, perEvent: Number(scripts) / count };
    };
    await measure(16);
    const [rates, scripts]: [number[], number[]] = [[], []];
    for (let round = 0; round < 5; round++) {
      const [many, one] = [await measure(16), await measure(1)];
      rates.push(many.rate / one.rate);
      scripts.push(many.perEvent / one.perEvent);
    }
    // What it saves in time depends on what else the machine does.
    console.log(`16 publishers of a hub on Redis: ${median(rates).toFixed(1)} times the rate of one.`);
    expect(median(scripts)).toBeLessThan(1 / 5);
  });

  test("deliver from one to the other in at most three times the time within one", async () => {
    const server = await startServer(DURABLE);
    const [hub, other] = [await openHub(server), await openHub(server)];
    const [same, across]: [number[], number[]] = [[], []];
    follow(hub, (at) => same.push(performance.now() - at));
    follow(other, (at) => across.push(performance.now() - at));
    await publish(hub, "the readers are there");
    await expect.poll(() => same.length + across.length).toBe(2);
    for (let n = 0; n < 100; n++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await publish(hub, `${n}`);
    }
    await expect.poll(() => same.length + across.length).toBe(202);
    console.log(
      `Delivered by Redis: ${median(same).toFixed(1)} ms in a process, ${median(across).toFixed(1)} ms across.`,
    );
    expect(median(across)).toBeLessThan(3 * median(same));
  });
});
