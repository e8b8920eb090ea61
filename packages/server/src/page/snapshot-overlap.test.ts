import { describe, expect, onTestFinished, test } from "vitest";
import { FailoverLog } from "../../test/failover-log.ts";
import { lobby, openTestHub, tea } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";

const LOBBY = "channel=rooms/lobby";
const SNAPSHOT = `${LOBBY}&snapshot`;

type TestHub = Awaited<ReturnType<typeof openTestHub>>;

/** The texts that come with a snapshot, and whether there is a gap before what comes after it. */
async function readOn({ page }: TestHub, channels = "channel=rooms/lobby") {
  const { json } = await page(`${channels}&snapshot`);
  const rest = await page(`${channels}&after=${json.cursor}`);
  const events = [...json.events, ...rest.json.events];
  return { texts: events.flatMap(({ data }) => textOf(data)), gap: json.gap ?? rest.json.gap };
}

/** Of a message. */
function textOf(data: unknown): string[] {
  return typeof data === "object" && data !== null && "text" in data ? [String(data.text)] : [];
}

const fewTexts = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describe("with a snapshot come the events from a little before its load on (law 8)", () => {
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

  test("also when the clock of the log is behind that of the hub", async () => {
    const clocks: { now(): number }[] = [];
    const log = new WatchedLog({ now: () => (clocks[0]?.now() ?? 0) - 10_000 });
    const hub = await openTestHub({ log });
    clocks.push(hub.clock);
    await hub.say("old");
    await hub.clock.advance(3_000);
    await hub.say("a");
    await hub.clock.advance(1_000);
    await hub.say("b");
    await hub.clock.advance(900);
    expect((await readOn(hub)).texts).toEqual(["a", "b"]);
    await hub.clock.advance(900);
    expect((await readOn(hub)).texts).toEqual(["b"]);
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

  test("its position is after all of them, so nothing is left to read", async () => {
    const hub = await openTestHub();
    await hub.say("a");
    await hub.hub.publish(tea, "message", { text: "elsewhere" });
    await hub.clock.settle();
    const { json } = await hub.page(SNAPSHOT);
    expect([json.cursor, json.more]).toEqual([hub.hub.stats().ring.head, false]);
  });

  test.each([0, 2_000])(
    "what is in the state, and is lost by a failover before the client goes on, is a gap: with an overlap of %d ms",
    async (snapshotOverlap) => {
      const log = new FailoverLog();
      const loads: (() => void)[] = [];
      const texts = ["a"];
      const room = () => new Promise<{ texts: string[] }>((resolve) => void loads.push(() => resolve({ texts })));
      const hub = await openTestHub({ log, snapshotOverlap, snapshot: { room } });
      await hub.say("a");
      const asking = hub.page(SNAPSHOT);
      await hub.clock.settle();
      await hub.say("while it loads");
      texts.push("while it loads");
      loads[0]?.();
      const { json } = await asking;
      log.failOver(1);
      await hub.say("new");
      expect(json.state).toEqual({ "rooms/lobby": { texts: ["a", "while it loads"] } });
      const rest = await hub.page(`${LOBBY}&after=${json.cursor}`);
      expect(rest.json.gap).toEqual({ channels: { "rooms/lobby": "lost" } });
    },
  );

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

  test("none of them is before the event after which the viewer may read", async () => {
    let readableFrom: string | undefined;
    const hub = await openTestHub({ authorize: () => (readableFrom === undefined ? true : { readableFrom }) });
    [, readableFrom = ""] = await hub.say("hidden", "joined", "b");
    expect((await readOn(hub)).texts).toEqual(["b"]);
  });

  test("none of them is of an epoch that is over", async () => {
    const log = new WatchedLog();
    const hub = await openTestHub({ log });
    await hub.say("a", "b", "c");
    const recent = log.recent.bind(log);
    log.recent = async (...asked) => {
      const { entries, ...rest } = await recent(...asked);
      return { ...rest, entries: entries.map((entry) => (entry.seq < 3 ? { ...entry, epoch: "former" } : entry)) };
    };
    expect((await readOn(hub)).texts).toEqual(["c"]);
  });

  test("hints and withdrawals of that time come, too; values do not, since the current values follow", async () => {
    const hub = await openTestHub();
    await hub.say("a");
    await hub.hub.publish(lobby, "topic", { text: "tea" });
    await hub.hub.publish(lobby, "price", { symbol: "x", value: 1 });
    await hub.hub.clear(lobby, "price", "x");
    await hub.hub.publish(lobby, "typing", { author: "ada" });
    await hub.clock.settle();
    const { json } = await hub.page(SNAPSHOT);
    expect(json.events.map(({ type }) => type)).toEqual(["message", "price", "typing", "topic"]);
    expect(json.events[1]).toMatchObject({ clear: "x" });
  });

  test.each([0, 2_000])(
    "a withdrawal while the state loads comes after the state: with an overlap of %d ms",
    async (snapshotOverlap) => {
      const loads: (() => void)[] = [];
      const room = () => new Promise<{ texts: string[] }>((resolve) => void loads.push(() => resolve({ texts: [] })));
      const hub = await openTestHub({ snapshotOverlap, snapshot: { room } });
      await hub.hub.publish(lobby, "topic", { text: "old" });
      await hub.clock.settle();
      const asking = hub.page(SNAPSHOT);
      await hub.clock.settle();
      await hub.hub.clear(lobby, "topic");
      loads[0]?.();
      const { json } = await asking;
      expect(json.events).toMatchObject([{ type: "topic", clear: "" }]);
      const rest = await hub.page(`${LOBBY}&after=${json.cursor}`);
      expect(rest.json.events).toEqual([]);
    },
  );

  test("a value that was set again after its withdrawal comes after the withdrawal", async () => {
    const hub = await openTestHub();
    await hub.hub.publish(lobby, "topic", { text: "old" });
    await hub.hub.clear(lobby, "topic");
    await hub.hub.publish(lobby, "topic", { text: "new" });
    await hub.clock.settle();
    const { json } = await hub.page(SNAPSHOT);
    expect(json.events.at(-1)).toMatchObject({ type: "topic", data: { text: "new" } });
  });
});

describe("retention and the overlap", () => {
  test("all that a channel keeps comes again, and the next events leave no gap", async () => {
    const hub = await openTestHub({ keep: { entries: 20 } });
    await hub.say(...fewTexts(50));
    const { json } = await hub.page(SNAPSHOT);
    await hub.say(...fewTexts(10));
    const rest = await hub.page(`${LOBBY}&after=${json.cursor}`);
    expect([json.events.length, rest.json.events.length, rest.json.gap]).toEqual([20, 10, undefined]);
  });

  test("500 events come again at most, however few a page has otherwise", async () => {
    const hub = await openTestHub({ limits: { pageEvents: 10 } });
    await hub.say(...fewTexts(700));
    expect((await readOn(hub)).texts).toEqual(fewTexts(700).slice(200));
  });

  test("as many bytes come again as a page has at most, but always one event", async () => {
    const hub = await openTestHub({ limits: { pageBytes: 1_300, eventBytes: 2_000 } });
    const long = fewTexts(10).map((text) => text.padEnd(300, "x"));
    await hub.say(...long);
    expect((await readOn(hub)).texts).toEqual(long.slice(7));
    await hub.say("x".repeat(1_500));
    expect((await readOn(hub)).texts).toHaveLength(1);
  });

  test("what retention has dropped while the state loads is a gap, but not what it has dropped before", async () => {
    let publish = async (): Promise<unknown> => null;
    const hub = await openTestHub({
      keep: { entries: 4 },
      snapshot: {
        room: async () => {
          await publish();
          return { texts: [] };
        },
      },
    });
    await hub.say(...fewTexts(4));
    publish = () => hub.hub.publish(lobby, "message", { text: "4" });
    expect(await readOn(hub)).toEqual({ texts: ["1", "2", "3", "4"], gap: undefined });
    publish = () => hub.say(...fewTexts(5));
    expect((await readOn(hub)).gap).toEqual({ channels: { "rooms/lobby": "trimmed" } });
  });

  test("a withdrawal that is gone is no gap", async () => {
    const hub = await openTestHub({ keep: { entries: 4 } });
    await hub.say("a");
    for (const symbol of fewTexts(6)) await hub.hub.publish(lobby, "price", { symbol, value: 1 });
    for (const symbol of fewTexts(6)) await hub.hub.clear(lobby, "price", symbol);
    expect((await readOn(hub)).gap).toBeUndefined();
  });

  test("of several rooms, all that each of them keeps comes again", async () => {
    const hub = await openTestHub({ keep: { entries: 4 } });
    await hub.hub.publish(tea, "message", { text: "tea" });
    await hub.say(...fewTexts(50));
    const read = await readOn(hub, "channel=rooms/lobby&channel=rooms/tea");
    expect(read).toEqual({ texts: ["tea", "46", "47", "48", "49"], gap: undefined });
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

  test("many states that load at once do not warn of too many listeners of one signal", async () => {
    const log = new WatchedLog();
    const recent = log.recent.bind(log);
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => void (begin = resolve));
    log.recent = async (...asked) => {
      await begun;
      return recent(...asked);
    };
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const hub = await openTestHub({ log });
    const pages = fewTexts(20).map((room) => hub.page(`channel=rooms/${room}&snapshot`));
    await hub.clock.settle();
    begin();
    const statuses = (await Promise.all(pages)).map(({ status }) => status);
    expect([new Set(statuses), warnings]).toEqual([new Set([200]), []]);
  });

  test("a load that began earlier has the events from its own beginning on", async () => {
    const loads: ((state: { texts: string[] }) => void)[] = [];
    const hub = await openTestHub({
      snapshotOverlap: 0,
      snapshot: {
        room: ({ roomId }) => (roomId === "tea" ? new Promise((resolve) => void loads.push(resolve)) : { texts: [] }),
      },
    });
    const one = hub.page("channel=rooms/tea&snapshot");
    await hub.clock.settle();
    await hub.hub.publish(tea, "message", { text: "after the load began" });
    await hub.say("before the second request");
    const both = hub.page("channel=rooms/tea&channel=rooms/lobby&snapshot");
    await hub.clock.settle();
    loads.shift()?.({ texts: [] });
    const texts = [await one, await both].map(({ json }) => json.events.flatMap(({ data }) => textOf(data)));
    expect(texts).toEqual([["after the load began"], ["after the load began"]]);
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
    ["the same when some of them are young", 30, 100, { recent: 1, head: -1 }],
    ["one more read when more than thirty are young", 31, 100, { recent: 2, head: -1 }],
  ])("%s", async (_, events, age, calls) => {
    expect(await extraCalls(events, age)).toEqual(calls);
  });
});
