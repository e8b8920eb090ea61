import type { EventLog } from "@tidings/log";
import { describe, expect, test, vi } from "vitest";
import { FLEETING, type RedisServer } from "../test/redis-server.ts";
import { reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, startServer } from "../test/test-server.ts";

// Each test fills logs with many entries.
vi.setConfig({ testTimeout: 120_000 });

/** What the server did while something ran. */
interface Cost {
  /** Commands, with those inside of scripts. */
  readonly commands: number;
  /** Milliseconds that scripts took, all together and on average. */
  readonly time: number;
  readonly perScript: number;
}

async function costOf(server: RedisServer, work: () => Promise<unknown>): Promise<Cost> {
  await server.send("config", "resetstat");
  await work();
  const stats = String(await server.send("info", "commandstats"));
  const rows = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+),usec=(\d+)/g)];
  // Connecting, and this measurement.
  const counted = rows.filter(([, name = ""]) => !/^(hello|info|config|client|ping|eval)/.test(name));
  const scripts = rows.filter(([, name = ""]) => name.startsWith("eval"));
  const time = scripts.reduce((sum, [, , , usec]) => sum + Number(usec) / 1_000, 0);
  const calls = scripts.reduce((sum, [, , count]) => sum + Number(count), 0);
  return { commands: counted.reduce((sum, [, , count]) => sum + Number(count), 0), time, perScript: time / calls };
}

async function fill(log: EventLog, channels: number, perChannel: number): Promise<void> {
  for (let n = 0; n < perChannel; n++) {
    await log.append(Array.from({ length: channels }, (_, channel) => reliable(`rooms/${channel}`, `"${n}"`)));
  }
}

async function openAlone(options: Parameters<typeof openTestLog>[1]) {
  const server = await startServer(FLEETING);
  return { server, ...(await openTestLog({ url: server.url, newName: () => "log" }, options)) };
}

describe.runIf(hasServer)("retention", () => {
  test("costs what it drops: ten times as many entries cost ten times as much, in steps that are short", async () => {
    const trimOf = async (perChannel: number): Promise<Cost> => {
      const { server, log } = await openAlone({ keep: { entries: 0 } });
      await fill(log, 1_000, perChannel);
      const cost = await costOf(server, () => log.trim());
      expect((await log.stat()).entries).toBe(0);
      return cost;
    };
    const [some, many] = [await trimOf(10), await trimOf(100)];
    console.log(
      `Trim of 1,000 channels in Redis: 10,000 entries ${some.time.toFixed(0)} ms, 100,000 entries ` +
        `${many.time.toFixed(0)} ms of the server, ${many.perScript.toFixed(1)} ms a step.`,
    );
    expect(many.commands / some.commands).toBeLessThan(11);
    expect(many.commands / 100_000).toBeLessThan(3);
    expect(many.perScript).toBeLessThan(100);
  });

  test("that has nothing to do does the same few commands, however much the log keeps", async () => {
    const idle = async (perChannel: number): Promise<number> => {
      const { server, log } = await openAlone({});
      await fill(log, 500, perChannel);
      await log.trim();
      return (await costOf(server, () => log.trim())).commands;
    };
    const [little, much] = [await idle(1), await idle(40)];
    expect(little).toBe(much);
    expect(much).toBeLessThan(30);
  });

  test("looks at the channels that were used, and at no others", async () => {
    const { server, log } = await openAlone({});
    await fill(log, 2_000, 1);
    await log.trim();
    await log.append([reliable("rooms/7"), reliable("rooms/8")]);
    expect((await costOf(server, () => log.trim())).commands).toBeLessThan(60);
  });

  test("drops for its age what is due, whatever else the log keeps for longer", async () => {
    let now = 1e12;
    const agedOf = async (others: number): Promise<number> => {
      const { server, log } = await openAlone({ now: () => now });
      const forLong = { entries: 1_000, age: 1e9 };
      await log.setRules({ channels: [{ ...forLong, pattern: "jobs/*", age: 60_000 }], default: forLong });
      await fill(log, others, 1);
      await log.append(Array.from({ length: 1_000 }, (_, n) => reliable(`jobs/${n % 100}`)));
      await log.trim();
      now += 60_000;
      const cost = await costOf(server, () => log.trim());
      expect((await log.stat()).entries).toBe(others);
      return cost.commands;
    };
    const [alone, beside] = [await agedOf(0), await agedOf(10_000)];
    expect(beside).toBe(alone);
  });

  test("keeps everything without bounds", async () => {
    const keep = { entries: Infinity, age: Infinity, bytes: Infinity, emptyChannels: Infinity };
    const { log } = await openAlone({ keep });
    await fill(log, 10, 50);
    await log.trim();
    expect((await log.stat()).entries).toBe(500);
  });

  test("that keeps fewer than before drops them in channels that nobody uses any more, too", async () => {
    const { log, open } = await openAlone({ keep: { entries: 1_000 } });
    await fill(log, 1_500, 3);
    await log.trim();
    const other = await open({ keep: { entries: 1 } });
    await other.trim();
    expect((await log.stat()).entries).toBe(1_500);
  });

  test("goes on by the rules that were stored last when the log has vanished with them", async () => {
    const { server, log } = await openAlone({ keep: { entries: 1_000 } });
    await log.setRules({ channels: [], default: { entries: 2, age: 1e9 } });
    await server.send("flushall");
    await fill(log, 1, 5);
    await log.trim();
    expect(await log.stat()).toMatchObject({ entries: 2, rules: { default: { entries: 2 } } });
  });
});

describe.runIf(hasServer)("the memory of an entry", () => {
  test("is about what the log counts", async () => {
    const { server, log } = await openAlone({});
    const used = async () => Number(/used_memory:(\d+)/.exec(String(await server.send("info", "memory")))?.[1]);
    await fill(log, 100, 1);
    const before = { memory: await used(), bytes: (await log.stat()).bytes };
    await fill(log, 100, 300);
    const [memory, bytes] = [(await used()) - before.memory, (await log.stat()).bytes - before.bytes];
    console.log(`An entry takes ${(memory / 30_000).toFixed(0)} bytes of Redis; the log counts ${bytes / 30_000}.`);
    expect(memory / bytes).toBeGreaterThan(0.8);
    expect(memory / bytes).toBeLessThan(1.25);
  });
});

describe.runIf(hasServer)("a read", () => {
  test("of a reader that has everything costs the same, however many channels it names", async () => {
    const { server, log } = await openAlone({});
    await fill(log, 1_000, 2);
    const head = await log.head();
    const costFor = async (count: number) => {
      const channels = Array.from({ length: count }, (_, n) => `rooms/${n}`);
      const read = () => log.read(head, channels, { entries: 100, bytes: 1e6 });
      // The first read also learns of the epochs.
      await read();
      return (await costOf(server, read)).commands;
    };
    expect(await costFor(1_000)).toBe(await costFor(1));
  });
});
