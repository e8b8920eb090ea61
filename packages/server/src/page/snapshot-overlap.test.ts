import { parseCursor } from "@tidings/protocol";
import { describe, expect, test } from "vitest";
import { lobby, openTestHub, tea } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";

const LOBBY = "channel=rooms/lobby";
const SNAPSHOT = `${LOBBY}&snapshot`;

type TestHub = Awaited<ReturnType<typeof openTestHub>>;

/** The texts that come after a snapshot, and whether there is a gap in them. */
async function readOn({ page }: TestHub, channels = "channel=rooms/lobby") {
  const { json } = await page(`${channels}&snapshot`);
  const rest = await page(`${channels}&after=${json.cursor}`);
  return { texts: rest.json.events.flatMap(({ data }) => textOf(data)), gap: rest.json.gap };
}

/** Of a message. */
function textOf(data: unknown): string[] {
  return typeof data === "object" && data !== null && "text" in data ? [String(data.text)] : [];
}

const fewTexts = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describe("a snapshot goes on a little before its state was loaded (law 8)", () => {
  test("events of the last two seconds come again, and no older ones", async () => {
    const hub = await openTestHub();
    await hub.say("old");
    await hub.clock.advance(1_000);
    await hub.say("a", "b");
    await hub.clock.advance(1_500);
    await hub.say("c");
    expect(await readOn(hub)).toEqual({ texts: ["a", "b", "c"], gap: undefined });
    await hub.clock.advance(500);
    expect((await readOn(hub)).texts).toEqual(["a", "b", "c"]);
    await hub.clock.advance(1);
    expect((await readOn(hub)).texts).toEqual(["c"]);
  });

  test.each([
    [0, []],
    [500, ["b"]],
    [60_000, ["a", "b"]],
  ])("as far back as the option says: %d ms", async (snapshotOverlap, texts) => {
    const hub = await openTestHub({ snapshotOverlap });
    await hub.say("a");
    await hub.clock.advance(10_000);
    await hub.say("b");
    await hub.clock.advance(400);
    expect((await readOn(hub)).texts).toEqual(texts);
  });

  test("when nothing is young, it is the head, so nothing is left to read", async () => {
    const hub = await openTestHub();
    await hub.say("a");
    await hub.clock.advance(5_000);
    await hub.hub.publish(tea, "message", { text: "elsewhere" });
    await hub.clock.settle();
    expect((await hub.page(SNAPSHOT)).json.cursor).toBe(hub.hub.stats().ring.head);
  });

  test("what another process has published on the same log counts, too", async () => {
    const one = await openTestHub();
    await one.say("of before");
    await one.clock.advance(100);
    const other = await openTestHub({ log: one.log });
    await other.clock.advance(100);
    await one.say("meanwhile");
    expect((await readOn(other)).texts).toEqual(["of before", "meanwhile"]);
  });

  test("when the clock goes back, events are repeated rather than missed", async () => {
    const hub = await openTestHub();
    await hub.say("a");
    hub.clock.jump(-3_600_000);
    await hub.say("b");
    expect((await readOn(hub)).texts).toEqual(["a", "b"]);
  });

  test("it is not before the event after which the viewer may read", async () => {
    let readableFrom: string | undefined;
    const hub = await openTestHub({ authorize: () => (readableFrom === undefined ? true : { readableFrom }) });
    [, readableFrom = ""] = await hub.say("hidden", "joined", "b");
    const { json } = await hub.page(SNAPSHOT);
    expect(json.cursor).toBe(readableFrom);
    expect((await readOn(hub)).texts).toEqual(["b"]);
  });

  test("it is not before entries of an epoch that is over", async () => {
    const log = new WatchedLog();
    const hub = await openTestHub({ log });
    await hub.say("a", "b", "c");
    const recent = log.recent.bind(log);
    log.recent = async (...asked) => {
      const { entries, ...rest } = await recent(...asked);
      return { ...rest, entries: entries.map((entry) => (entry.seq < 3 ? { ...entry, epoch: "former" } : entry)) };
    };
    const { json } = await hub.page(SNAPSHOT);
    expect(parseCursor(json.cursor)).toEqual({ ...(await log.head()), seq: 2 });
  });

  test("hints and values of that time come again, as after any other position", async () => {
    const hub = await openTestHub();
    await hub.say("a");
    await hub.hub.publish(lobby, "topic", { text: "tea" });
    await hub.hub.publish(lobby, "typing", { author: "ada" });
    await hub.clock.settle();
    const { json } = await hub.page(SNAPSHOT);
    expect(json.events.map(({ type, id }) => [type, id])).toEqual([["topic", undefined]]);
    const rest = await hub.page(`channel=rooms/lobby&after=${json.cursor}`);
    expect(rest.json.events.map(({ type }) => type)).toEqual(["message", "topic", "typing"]);
  });
});

describe("retention and the overlap", () => {
  test("it reaches back over at most half of what a channel keeps, so that the next events leave no gap", async () => {
    const hub = await openTestHub({ keep: { entries: 20 } });
    await hub.say(...fewTexts(50));
    const { json } = await hub.page(SNAPSHOT);
    await hub.say(...fewTexts(10));
    const rest = await hub.page(`channel=rooms/lobby&after=${json.cursor}`);
    expect([rest.json.events.length, rest.json.gap]).toEqual([20, undefined]);
  });

  test("it reaches back over at most half of the time that entries are kept", async () => {
    const hub = await openTestHub({ keep: { age: 1_000 } });
    await hub.say("a");
    await hub.clock.advance(600);
    await hub.say("b");
    expect((await readOn(hub)).texts).toEqual(["b"]);
  });

  test("it reaches back over 500 events at most", async () => {
    const hub = await openTestHub({ limits: { pageEvents: 1_000 } });
    await hub.say(...fewTexts(700));
    expect((await readOn(hub)).texts).toEqual(fewTexts(700).slice(200));
  });

  test("a channel that keeps one event has no overlap", async () => {
    const hub = await openTestHub({ keep: { entries: 1 } });
    await hub.say("a");
    expect((await readOn(hub)).texts).toEqual([]);
  });

  test("it does not begin before a withdrawal that is gone", async () => {
    const hub = await openTestHub({ keep: { entries: 4 } });
    await hub.say("a");
    for (const symbol of fewTexts(6)) await hub.hub.publish(lobby, "price", { symbol, value: 1 });
    for (const symbol of fewTexts(6)) await hub.hub.clear(lobby, "price", symbol);
    expect((await readOn(hub)).gap).toBeUndefined();
  });

  test("of several rooms, it reaches back over at most half of what each of them keeps", async () => {
    const hub = await openTestHub({ keep: { entries: 4 } });
    await hub.hub.publish(tea, "message", { text: "tea" });
    await hub.say(...fewTexts(50));
    const read = await readOn(hub, "channel=rooms/lobby&channel=rooms/tea");
    expect(read).toEqual({ texts: ["48", "49"], gap: undefined });
  });

  /** How many of twenty clients meet a gap again after the state that heals one. */
  async function gapsAfterHealing(hub: TestHub, channels: string, before: Publish, meanwhile: Publish) {
    let gaps = 0;
    for (let client = 0; client < 20; client++) {
      await before(hub);
      const { json } = await hub.page(`${channels}&snapshot`);
      await meanwhile(hub);
      const rest = await hub.page(`${channels}&after=${json.cursor}`);
      if (rest.json.gap !== undefined) gaps++;
    }
    return gaps;
  }

  type Publish = (hub: TestHub) => Promise<unknown>;

  const sayLong = (bytes: number, count: number, address = lobby): Publish => {
    const events = Array.from({ length: count }, () => ({
      address,
      type: "message" as const,
      data: { text: "x".repeat(bytes) },
    }));
    return async ({ hub, clock }) => {
      await hub.publishAll(events);
      await clock.settle();
    };
  };

  test.each<[string, Parameters<typeof openTestHub>[0], Publish, Publish]>([
    ["that is filled by what was said", { keep: { bytes: 1_000_000 } }, sayLong(20_000, 60), sayLong(20_000, 5)],
    // The clock stands still, so everything is young. Before the first state, nothing has been dropped yet.
    ["that is almost full", { keep: { bytes: 1_000_000 } }, sayLong(20_000, 49), sayLong(20_000, 5)],
    [
      "that keeps few long ones",
      { limits: { eventBytes: 2_000_000, pageBytes: 1_000_000 }, keep: { bytes: 8_000_000 } },
      sayLong(1_000_000, 10),
      sayLong(1_000_000, 1),
    ],
    [
      "that another channel fills",
      { keep: { bytes: 1_000_000 } },
      async (hub) => {
        await hub.say("a");
        await sayLong(20_000, 48, tea)(hub);
      },
      sayLong(20_000, 2, tea),
    ],
  ])("in a log %s, the next events leave no gap", async (_, options, before, meanwhile) => {
    expect(await gapsAfterHealing(await openTestHub(options), LOBBY, before, meanwhile)).toBe(0);
  });

  test("with a busy room and a quiet one, the next events leave no gap", async () => {
    const trim: Publish = ({ log }) => log.trim();
    const busy = async (hub: TestHub): Promise<void> => {
      await hub.say(...fewTexts(15));
      await hub.hub.publish(tea, "message", { text: "tea" });
      await hub.say(...fewTexts(15));
      await trim(hub);
    };
    const oneMore = async (hub: TestHub): Promise<void> => {
      await hub.say("one more");
      await trim(hub);
    };
    const both = "channel=rooms/lobby&channel=rooms/tea";
    expect(await gapsAfterHealing(await openTestHub({ keep: { entries: 10 } }), both, busy, oneMore)).toBe(0);
  });

  test("values that never change do not count as what is dropped next", async () => {
    const hub = await openTestHub({ keep: { bytes: 1_000_000 } });
    for (let symbol = 0; symbol < 300; symbol++) {
      await hub.hub.publish(lobby, "price", { symbol: `${symbol}`, value: 1 });
    }
    expect(await gapsAfterHealing(hub, LOBBY, sayLong(20_000, 60), sayLong(20_000, 5))).toBe(0);
  });

  test("a load that began earlier keeps its place, whatever another room has lost since", async () => {
    const loads: ((state: { texts: string[] }) => void)[] = [];
    const hub = await openTestHub({
      keep: { entries: 4 },
      snapshot: {
        room: ({ roomId }) => (roomId === "tea" ? new Promise((resolve) => void loads.push(resolve)) : { texts: [] }),
      },
    });
    const one = hub.page("channel=rooms/tea&snapshot");
    await hub.clock.settle();
    await hub.hub.publish(tea, "message", { text: "after the load began" });
    await hub.say(...fewTexts(50));
    const both = hub.page("channel=rooms/tea&channel=rooms/lobby&snapshot");
    await hub.clock.settle();
    loads.shift()?.({ texts: [] });
    const [first, second] = [(await one).json.cursor, (await both).json.cursor];
    expect(second).toBe(first);
  });
});

describe("a snapshot costs", () => {
  /** What it asks of the log beyond what it asks without an overlap. */
  async function extraCalls(events: number, age: number): Promise<Record<string, number>> {
    const [without, given] = await Promise.all(
      [0, 2_000].map(async (snapshotOverlap) => {
        const hub = await openTestHub({ snapshotOverlap });
        await hub.say(...fewTexts(events));
        await hub.clock.advance(age);
        await hub.page(SNAPSHOT);
        const before = { ...hub.log.calls };
        await hub.page(SNAPSHOT);
        return new Map(Object.entries(hub.log.calls).map(([name, count]) => [name, count - (before[name] ?? 0)]));
      }),
    );
    const extra = [...(given ?? [])].map(([name, count]) => [name, count - (without?.get(name) ?? 0)] as const);
    return Object.fromEntries(extra.filter(([, count]) => count !== 0));
  }

  test.each([
    ["a read of the newest events in the place of one of the head", 100, 5_000, { recent: 1, head: -1 }],
    ["one more read when some of them are young", 30, 100, { recent: 1, head: -1, read: 1 }],
    ["two more reads when more than thirty are young", 31, 100, { recent: 2, head: -1, read: 1 }],
  ])("%s", async (_, events, age, calls) => {
    expect(await extraCalls(events, age)).toEqual(calls);
  });
});
