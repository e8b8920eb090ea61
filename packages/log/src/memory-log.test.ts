import { describe, expect, test } from "vitest";
import { describeEventLog } from "./conformance.ts";
import { HOUR, ManualClock, MINUTE, SECOND } from "./conformance/manual-clock.ts";
import { latest, numbered, publish, reliable, volatile } from "./conformance/publishing.ts";
import { dataOf, readToEnd, startOf, WIDE } from "./conformance/reading.ts";
import { IDEMPOTENCY_AGE } from "./event-log.ts";
import { memoryLog } from "./memory-log.ts";

describeEventLog(
  "memoryLog",
  async (options) => {
    const log = memoryLog(options);
    return { log, another: async () => log, reopen: async () => memoryLog(options) };
  },
  {
    survivesReopen: false,
    heedsClock: true,
    runs: 100,
    lacks: {
      cutDoorbell: "its doorbell is a call",
      restart: "it ends with its process",
      loseSuffix: "it ends with its process",
      skewed: "it has one process",
    },
  },
);

describe("a log in memory", () => {
  test("keeps 1,000 entries of a channel, for a day, in 64 MiB, and 100,000 empty channels by default", async () => {
    const keep = { entries: 1_000, age: 86_400_000, bytes: 64 * 1024 * 1024, emptyChannels: 100_000 };
    expect((await memoryLog().stat()).keep).toEqual(keep);
    expect((await memoryLog({ keep: { entries: 5 } }).stat()).keep).toEqual({ ...keep, entries: 5 });
  });

  test("names its epoch with the random numbers that are passed in", async () => {
    const heads = [0.5, 0.5, 0.6, 0.999_999].map((seed) => memoryLog({ random: () => seed }).head());
    const [one, same, other, last] = (await Promise.all(heads)).map(({ epoch }) => epoch);
    expect(one).toBe(same);
    expect(one).not.toBe(other);
    expect(last).toMatch(/^[a-z0-9]{12}$/);
  });

  test("bounds entries and bytes without trim(), too: 10,000 entries of a channel more than it keeps", async () => {
    const burst = memoryLog({ keep: { entries: 10 } });
    await burst.append([...numbered("a", 30_000), ...numbered("b", 30_000)]);
    expect((await burst.stat()).entries).toBe(2 * 10_010);
    await burst.trim();
    expect((await burst.stat()).entries).toBe(2 * 10);

    const log = memoryLog({ keep: { entries: 10, bytes: 100_000 } });
    for (let room = 0; room < 500; room++) {
      await publish(log, reliable(`rooms/${room}`, JSON.stringify("x".repeat(1_000))));
    }
    const { bytes } = await log.stat();
    expect(bytes).toBeLessThanOrEqual(100_000);
    expect(bytes).toBeGreaterThan(90_000);
  });

  test("counts the overhead of an entry, so that a million tiny entries do not fill the memory", async () => {
    const log = memoryLog({ keep: { entries: Infinity, bytes: 100_000 } });
    await log.append(numbered("a", 5_000));
    expect((await log.stat()).entries).toBeLessThan(1_000);
  });

  test("when the bytes are used up, busy channels first give back what they have above their entries", async () => {
    const log = memoryLog({ keep: { entries: 10, bytes: 100_000 } });
    await publish(log, ...numbered("quiet", 10));
    await log.append(numbered("busy", 5_000));
    const start = await startOf(log);
    expect(await readToEnd(log, start, ["quiet"])).toMatchObject({ holes: [], entries: { length: 10 } });
    expect((await log.stat()).bytes).toBeLessThanOrEqual(100_000);
  });

  test("evicts volatile entries before reliable ones when the bytes are used up", async () => {
    const log = memoryLog({ keep: { bytes: 50_000 } });
    await publish(log, ...numbered("a", 10));
    for (let count = 0; count < 1_000; count++) await publish(log, volatile("a"));
    const page = await log.read(await startOf(log), ["a"], WIDE);
    expect(page.holes).toEqual([]);
    expect(dataOf(page).slice(0, 10)).toEqual(numbered("a", 10).map(({ data }) => data));
  });

  test("keeps one value a key, and the volatile entries of the last 5 seconds, without trim()", async () => {
    const clock = new ManualClock();
    const log = memoryLog({ now: clock.now });
    for (let second = 0; second < 20; second++) {
      for (let tick = 0; tick < 1_000; tick++) {
        await log.append([latest("prices", `${tick % 3}`, `${tick}`), volatile("prices")]);
      }
      clock.move(SECOND);
    }
    expect((await log.stat()).entries).toBe(3 + 5_000);
  });

  test("keeps nothing of values that expired and were withdrawn long ago", async () => {
    const clock = new ManualClock();
    const log = memoryLog({ keep: { age: HOUR }, now: clock.now });
    for (let round = 0; round < 5; round++) {
      for (let viewer = 0; viewer < 100; viewer++) {
        await publish(log, latest("a", `${round} ${viewer}`, "{}", { expires: 45 * SECOND }));
      }
      clock.move(MINUTE);
      await log.trim();
    }
    expect(await log.current(["a"], null, WIDE)).toMatchObject({ entries: [] });
    clock.move(HOUR);
    await log.trim();
    expect(await log.stat()).toMatchObject({ entries: 0, bytes: 0 });
  });

  test("forgets an idempotency key after ten minutes if its entry is gone", async () => {
    const clock = new ManualClock();
    const log = memoryLog({ keep: { entries: 1 }, now: clock.now });
    const retried = reliable("a", "1", { idempotencyKey: "once" });
    await publish(log, retried, reliable("a", "2"));
    clock.move(IDEMPOTENCY_AGE);
    await log.trim();
    expect(await log.append([retried])).toMatchObject([{ duplicate: false }]);
  });

  test("keeps nothing if a limit is 0, and reports the hole", async () => {
    for (const keep of [{ entries: 0 }, { bytes: 0 }]) {
      const log = memoryLog({ keep });
      const cursors = await publish(log, ...numbered("a", 3));
      await log.trim();
      const page = await log.read(await startOf(log), ["a"], WIDE);
      expect(page.entries).toEqual([]);
      expect(page.holes).toEqual([{ channel: "a", reason: "trimmed", to: cursors[2]?.seq }]);
    }
  });

  test("refuses a position of another log at a cost that does not grow with the other channels", async () => {
    const log = memoryLog();
    for (let room = 0; room < 50_000; room++) await log.append([reliable(`rooms/${room}`)]);
    const start = performance.now();
    for (let count = 0; count < 100; count++) {
      const { holes } = await log.read({ epoch: "another", seq: 1 }, ["rooms/1"], WIDE);
      expect(holes).toEqual([{ channel: "rooms/1", reason: "reset", to: 50_000 }]);
    }
    // A hundred looks at every channel take a second.
    expect(performance.now() - start).toBeLessThan(200);
  });

  test("reads at least one entry a page, whatever the limit", async () => {
    const log = memoryLog();
    await log.append(numbered("a", 5));
    const { entries } = await readToEnd(log, await startOf(log), ["a"], { entries: 0, bytes: 0 });
    expect(entries).toHaveLength(5);
  });
});
