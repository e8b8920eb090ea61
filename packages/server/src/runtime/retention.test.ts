import { memoryLog } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { createHub } from "../index.ts";
import { chat, lobby, openTestHub, said, tea } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const inbox = chat.inbox({ userId: "ada" });

describe("a burst of more events than the log keeps", () => {
  /** A hub that takes so long, in milliseconds, for each read of what is new. */
  async function openSlowHub(readTime: number) {
    const log = new WatchedLog({ burst: 1_000, keep: { entries: 10 } });
    const testHub = await openTestHub({ log });
    const { sink } = await testHub.connect("channel=rooms/lobby");
    const read = log.read.bind(log);
    log.read = async (...args) => {
      if (args[1] === null) await new Promise<void>((resolve) => void testHub.clock.setTimeout(resolve, readTime));
      return read(...args);
    };
    return { ...testHub, log, sink };
  }
  const texts = Array.from({ length: 30 }, (_, index) => `${index}`);

  test("just before a trim reaches live readers without a gap", async () => {
    const { clock, log, say, sink } = await openSlowHub(100);
    await clock.advance(4_950);
    await say(...texts);
    await clock.advance(200);
    expect([sink.received, sink.of("gap")]).toEqual([texts.map((text) => said(text)), []]);
    expect((await log.stat()).entries).toBe(10);
  });

  test("is trimmed all the same a second later if it cannot be read", async () => {
    const { clock, log, say } = await openSlowHub(60_000);
    await clock.advance(4_950);
    await say(...texts);
    await clock.advance(1_000);
    expect((await log.stat()).entries).toBe(30);
    await clock.advance(100);
    expect((await log.stat()).entries).toBe(10);
  });
});

describe("the option keep", () => {
  test("becomes rules of the log: one for each channel that it names, and what is left open from above", async () => {
    const { log } = await openTestHub({
      keep: { entries: 700, age: DAY },
      rules: { default: { entries: 50 }, channels: { inbox: { age: 30 * DAY }, room: { entries: 10_000, age: HOUR } } },
    });
    expect((await log.stat()).rules).toEqual({
      channels: [
        { pattern: "rooms/*", entries: 10_000, age: HOUR },
        { pattern: "users/*/inbox", entries: 50, age: 30 * DAY },
      ],
      default: { entries: 50, age: DAY },
    });
  });

  test("keeps of each channel what its rule says; a reader that has missed events gets a gap of that one", async () => {
    const { hub, clock, page } = await openTestHub({ rules: { channels: { room: { age: 60_000 } } } });
    const { id } = await hub.publish(inbox, "mention", { by: "bob" });
    await hub.publish(lobby, "message", { text: "old" });
    await hub.publish(inbox, "mention", { by: "eve" });
    await clock.advance(66_000);
    const { json } = await page(`channel=rooms/lobby&channel=users/ada/inbox&after=${id}`);
    expect(json.gap).toEqual({ channels: { "rooms/lobby": "trimmed" } });
    expect(json.events).toMatchObject([{ channel: "users/ada/inbox", data: { by: "eve" } }]);
  });

  test("of the hub that has started last holds in the others, too, and a hub without it changes nothing", async () => {
    const log = new WatchedLog();
    const former = await openTestHub({ log, rules: { channels: { room: { entries: 1 } } } });
    const newer = await openTestHub({ log, rules: { channels: { room: { entries: 3 } } } });
    await openTestHub({ log });
    await former.say("1", "2", "3", "4");
    await former.clock.advance(6_000);
    expect((await log.recent([lobby.path], 9)).entries).toHaveLength(3);
    await newer.say("5");
    await newer.clock.advance(6_000);
    expect((await log.recent([lobby.path], 9)).entries).toHaveLength(3);
  });

  test("is stored before anything is trimmed, whenever the log takes it", async () => {
    const log = new WatchedLog({ keep: { entries: 1 }, burst: 10 });
    const setRules = log.setRules.bind(log);
    const trim = log.trim.bind(log);
    let trims = 0;
    log.trim = () => {
      trims++;
      return trim();
    };
    let attempts = 0;
    log.setRules = async (rules) => {
      if (++attempts === 1) throw new Error("no database");
      if (attempts === 2) await new Promise(() => {});
      await setRules(rules);
    };
    const { say, clock, records } = await openTestHub({ log, rules: { default: { entries: 2 } } });
    await say("1", "2", "3");
    await clock.advance(24_000);
    expect([attempts, trims]).toEqual([2, 0]);
    expect((await log.recent([lobby.path], 9)).entries).toHaveLength(3);
    await clock.advance(7_000);
    expect([attempts, trims]).toEqual([3, 1]);
    expect((await log.recent([lobby.path], 9)).entries).toHaveLength(2);
    expect(records.map(({ event }) => event)).toEqual(["rules-failed", "rules-failed"]);
  });

  test("leaves neither an error nor a timer behind when the hub closes before the log has taken it", async () => {
    const log = new WatchedLog();
    let refuse = (_error: Error): void => {};
    log.setRules = () =>
      new Promise((_, reject) => {
        refuse = reject;
      });
    const { hub, clock, records } = await openTestHub({ log, rules: {} });
    await hub.close();
    refuse(new Error("The log is closed."));
    await clock.advance(20_000);
    expect(records).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("brings a warning for each rule under a minute, also for those of another hub", async () => {
    const rules = { default: { age: 59_000 }, channels: { inbox: { age: 1_000 }, room: { age: 60_000 } } };
    const { log, records } = await openTestHub({ rules });
    const other = await openTestHub({ log });
    for (const each of [records, other.records]) {
      expect(each.map(({ level, event }) => `${level} ${event}`)).toEqual(["warn retention", "warn retention"]);
      expect(each[0]?.detail).toMatch(/^The log keeps users\/\*\/inbox for 1000 ms; a client that is away for longer/);
      expect(each[1]?.detail).toMatch(/^The log keeps all other channels for 59000 ms; /);
    }
  });

  test.each([
    [{ chanels: {} }, 'Expected one of default, channels in keep, got "chanels".'],
    [{ channels: { rooms: {} } }, 'Expected one of room, inbox in keep.channels, got "rooms".'],
    [{ channels: { room: { bytes: 1 } } }, 'Expected one of entries, age in keep.channels.room, got "bytes".'],
    [
      { channels: { room: { age: -1 } } },
      'Expected "keep.channels.room.age" to be a number from 0 to Infinity, got -1.',
    ],
    [{ channels: { room: null } }, "Expected keep.channels.room to be an object, got null."],
    [
      { channels: { room: { age: "1h" } } },
      'Expected "keep.channels.room.age" to be a number from 0 to Infinity, got "1h".',
    ],
    [[], 'Expected "keep" to be an object, got array.'],
  ])("%j is refused", (keep, message) => {
    const create = () =>
      createHub(chat, {
        log: memoryLog(),
        authorize: () => true,
        snapshot: { room: () => ({ texts: [] }) },
        keep: keep as object,
      });
    expect(create).toThrow(new TypeError(message));
  });

  test("undefined stands for what is left out", async () => {
    const rules = { default: undefined, channels: { room: undefined, inbox: { entries: 5, age: undefined } } };
    const { log } = await openTestHub({ keep: { entries: 7, age: DAY }, rules: rules as object });
    expect((await log.stat()).rules).toEqual({
      channels: [{ pattern: "users/*/inbox", entries: 5, age: DAY }],
      default: { entries: 7, age: DAY },
    });
    expect(tea.path).toMatch(/^rooms\//);
  });
});
