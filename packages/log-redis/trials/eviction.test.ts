import type { EventLog } from "@tidings/log";
import { describe, expect, test, vi } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { DURABLE, FLEETING, type RedisServer } from "../test/redis-server.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, startServer } from "../test/test-server.ts";

vi.setConfig({ testTimeout: 120_000 });

const PAGE = { entries: 1_000, bytes: 1e6 };
const CHANNELS = Array.from({ length: 20 }, (_, number) => `rooms/${number}`);
/** With the keys of the log, 20 MB of other keys are too much. */
const SMALL = { maxmemory: "12mb", "maxmemory-policy": "allkeys-lru", "maxmemory-samples": 10 };

const openOn = ({ url }: RedisServer) => openTestLog({ url, newName: () => "log" });

async function evictedKeys(server: RedisServer): Promise<number> {
  return Number(/evicted_keys:(\d+)/.exec(String(await server.send("info", "stats")))?.[1]);
}

let fillers = 0;

/** Writes other keys, until the server has deleted some to make room. */
async function fill(server: RedisServer, ...options: (string | number)[]): Promise<void> {
  const before = await evictedKeys(server);
  while ((await evictedKeys(server)) < before + 20) {
    await server.send("set", `filler ${++fillers}`, "x".repeat(500_000), ...options);
  }
}

const appendToAll = (log: EventLog, data: string) => log.append(CHANNELS.map((channel) => reliable(channel, data)));

describe.runIf(hasServer)("a server that deletes keys when its memory is full", () => {
  test("never leaves a reader without what it is owed and without a gap, and the log goes on", async () => {
    const server = await startServer({ ...DURABLE, ...SMALL });
    const { log, open } = await openOn(server);
    const other = await open();
    for (let round = 0; round < 8; round++) {
      await appendToAll(log, `"first ${round}"`);
      const start = await log.head();
      await appendToAll(log, `"owed ${round}"`);
      await fill(server);
      // In one half of the rounds, something is appended before anybody reads.
      if (round % 2 === 0) await appendToAll(other, `"later ${round}"`);
      for (const channel of CHANNELS) {
        const page = await log.read(start, [channel], PAGE);
        const isTold = page.holes.some(({ reason }) => reason === "reset");
        const hasOwed = page.entries.some(({ data }) => data === `"owed ${round}"`);
        expect([channel, isTold || hasOwed]).toEqual([channel, true]);
      }
      expect((await log.read(start, null, PAGE)).holes.map(({ reason }) => reason)).not.toContain("trimmed");
      const head = await other.head();
      await appendToAll(other, `"new ${round}"`);
      for (const channel of CHANNELS) {
        const { entries, holes } = await log.read(head, [channel], PAGE);
        expect([entries.map(({ data }) => data), holes]).toEqual([[`"new ${round}"`], []]);
      }
      await log.trim();
    }
  });

  test("and restarts tells every reader, since nobody knows what it had deleted before", async () => {
    const server = await startServer({ ...DURABLE, ...SMALL });
    const { log } = await openOn(server);
    await appendToAll(log, '"owed"');
    const start = { ...(await log.head()), seq: 0 };
    await fill(server);
    await server.kill();
    await server.start();
    await expect.poll(() => log.trim().then(() => true)).toBe(true);
    const page = await log.read(start, CHANNELS, PAGE);
    expect(page).toMatchObject({ entries: [], holes: CHANNELS.map((channel) => ({ channel, reason: "reset" })) });
    await appendToAll(log, '"new"');
    expect(await everything(log)).toEqual(CHANNELS.map(() => '"new"'));
  });

  test("keeps the rules of retention for the log that begins anew", async () => {
    const server = await startServer({ ...FLEETING, ...SMALL });
    const { log } = await openOn(server);
    const rules = { channels: [], default: { entries: 3, age: 1e9 } };
    await log.setRules(rules);
    await server.send("config", "set", "maxmemory-policy", "noeviction");
    await server.send("config", "set", "maxmemory", 0);
    // The server has deleted a key that the log has not used last.
    await server.send("set", "old", "x".repeat(8_000_000));
    await appendToAll(log, "1");
    await server.send("config", "set", "maxmemory-policy", "allkeys-lru");
    await server.send("config", "set", "maxmemory", 6_000_000);
    await expect.poll(() => evictedKeys(server)).toBeGreaterThan(0);
    await log.trim();
    expect((await log.stat()).rules).toEqual(rules);
  });

  test("only of those that expire leaves the log alone, however many it deletes", async () => {
    const server = await startServer({ ...DURABLE, ...SMALL, "maxmemory-policy": "volatile-lru" });
    const { log } = await openOn(server);
    await appendToAll(log, '"owed"');
    const start = { ...(await log.head()), seq: 0 };
    for (let round = 0; round < 3; round++) {
      await fill(server, "ex", 1_000);
      await log.trim();
      expect(await log.read(start, CHANNELS, PAGE)).toMatchObject({ entries: { length: CHANNELS.length }, holes: [] });
    }
  });
});
