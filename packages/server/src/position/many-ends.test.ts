import { memoryLog, type EventLog, type Page } from "@tidings/log";
import { describe, expect, onTestFinished, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { shop } from "../../test/sales.ts";
import { SteppedClock } from "../../test/stepped-clock.ts";
import { parsePage, request } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";
import { createHub } from "../index.ts";
import { createReadQueue } from "../runtime/read-queue.ts";
import { findEnds } from "./find-ends.ts";

const NUMBERS = Array.from({ length: 100 }, (_, index) => String(index));
const MANY = NUMBERS.map((id) => `channel=sales/${id}`).join("&");
const END_OF_LAST = { channel: "sales/99", type: "end", data: { sold: 1 } };

/** @param sizes how many values each channel has */
async function openSales(sizes: ReadonlyMap<string, number>) {
  const clock = new SteppedClock();
  const log = new WatchedLog({ now: clock.now });
  /** The paths whose lower bound is after everything that was published. */
  const hidden = new Set<string>();
  const refused = new Set<string>();
  let head = "";
  const hub = createHub(shop, {
    log,
    clock,
    authorize: ({ path }) => !refused.has(path) && (hidden.has(path) ? { readableFrom: head } : true),
    onLog: () => {},
  });
  onTestFinished(() => hub.close());
  for (const [id, size] of sizes) {
    const address = shop.sale({ id });
    const items = Array.from({ length: size }, (_, index) => ({ item: String(index) }));
    await hub.publishAll(items.map((data) => ({ address, type: "price", data })));
  }
  const { id } = await hub.end(shop.sale({ id: "99" }), { sold: 1 });
  head = id;
  await clock.settle();

  async function countCalls<Result>(ask: () => Promise<Result>) {
    const before = { ...log.calls };
    const result = await ask();
    const since = (name: string): number => (log.calls[name] ?? 0) - (before[name] ?? 0);
    return { result, calls: { current: since("current"), recent: since("recent"), head: since("head") } };
  }

  async function events(query: string): Promise<unknown> {
    const asking = hub.handle(request(query, { headers: { accept: "application/json" } }));
    await clock.settle();
    return parsePage(await asking).json.events;
  }

  async function stream(query: string): Promise<BufferSink> {
    const asking = hub.handle(request(`${query}&protocol=1`));
    await clock.settle();
    const response = await asking;
    if (!("open" in response)) throw new Error("Expected a stream.");
    const sink = new BufferSink();
    response.open(sink);
    return sink;
  }

  return { hub, clock, log, hidden, refused, countCalls, events, stream };
}

const FEW = new Map(NUMBERS.map((id) => [id, 6]));

describe("100 channels with few values, which are more than a page together", () => {
  test("cost a page two reads", async () => {
    const { countCalls, events } = await openSales(FEW);
    const { result, calls } = await countCalls(() => events(MANY));
    expect(result).toEqual([END_OF_LAST]);
    expect(calls).toMatchObject({ current: 2, recent: 0 });
  });

  test("cost a stream two reads", async () => {
    const { clock, countCalls, stream } = await openSales(FEW);
    const { result, calls } = await countCalls(async () => {
      const sink = await stream(MANY);
      await clock.settle();
      return sink.received;
    });
    expect(result).toEqual(['sales/99:end {"sold":1}']);
    expect(calls).toEqual({ current: 2, recent: 0, head: 3 });
  });
});

describe("one of 100 channels with 5,000 values", () => {
  const ONE_IS_LARGE = new Map([...FEW, ["50", 5_000]]);

  test("costs a page one look at it, and no read of all its values", async () => {
    const { countCalls, events } = await openSales(ONE_IS_LARGE);
    const { result, calls } = await countCalls(() => events(MANY));
    expect(result).toEqual([END_OF_LAST]);
    expect(calls).toMatchObject({ current: 2, recent: 1 });
  });

  test("costs a stream the same", async () => {
    const { clock, countCalls, stream } = await openSales(ONE_IS_LARGE);
    const { result, calls } = await countCalls(async () => {
      const sink = await stream(MANY);
      await clock.settle();
      return sink.received;
    });
    expect(result).toEqual(['sales/99:end {"sold":1}']);
    expect(calls).toEqual({ current: 2, recent: 1, head: 3 });
  });
});

test("100 channels with many values each cost four pages, and a look at each of them", async () => {
  const { countCalls, events } = await openSales(new Map(NUMBERS.map((id) => [id, 80])));
  const { result, calls } = await countCalls(() => events(MANY));
  expect(result).toEqual([END_OF_LAST]);
  expect(calls).toMatchObject({ current: 4, recent: 100 });
});

const TWO_LARGE = new Map([
  ["0", 2_000],
  ["99", 2_000],
]);
const BOTH = "channel=sales/0&channel=sales/99";

test("an end before the bound of the viewer is not told, also if its channel is looked at alone", async () => {
  const { clock, hidden, countCalls, events, stream } = await openSales(TWO_LARGE);
  expect(await events(BOTH)).toEqual([END_OF_LAST]);
  hidden.add("sales/99");
  const page = await countCalls(() => events(BOTH));
  expect(page.result).toEqual([]);
  expect(page.calls.recent).toBeGreaterThan(0);
  const streamed = await countCalls(async () => {
    const sink = await stream(BOTH);
    await clock.settle();
    return sink.received;
  });
  expect(streamed.result).toEqual([]);
  expect(streamed.calls.recent).toBeGreaterThan(0);
});

/** Looks at single channels do not go on before they are let go. */
function holdLooks(log: WatchedLog) {
  const begun: string[] = [];
  let letGo = (): void => {};
  const released = new Promise<void>((resolve) => (letGo = resolve));
  const recent = log.recent.bind(log);
  log.recent = async (...asked) => {
    begun.push(...asked[0]);
    await released;
    return recent(...asked);
  };
  return { begun, letGo };
}

test("a stream tells no end of a channel that is refused while it is looked at", async () => {
  const { hub, clock, log, refused, stream } = await openSales(TWO_LARGE);
  const looks = holdLooks(log);
  const sink = await stream(BOTH);
  await clock.settle();
  expect(looks.begun).toEqual(["sales/0"]);
  refused.add("sales/99");
  await hub.recheck({ address: shop.sale({ id: "99" }) });
  await clock.settle();
  looks.letGo();
  await clock.settle();
  expect(sink.received).toEqual([]);
  expect(sink.of("bye")).toMatchObject([{ data: { reason: "forbidden", channels: ["sales/99"] } }]);
});

test("a stream begins again after a failover before the last look", async () => {
  const { clock, log, stream } = await openSales(TWO_LARGE);
  const looks = holdLooks(log);
  const sink = await stream("channel=sales/99");
  await clock.settle();
  expect(looks.begun).toEqual(["sales/99"]);
  log.lose();
  looks.letGo();
  await clock.settle();
  expect(sink.received).toEqual([]);
  expect(sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
});

test("a failover between two pages hides no end", async () => {
  const asked: string[] = [];
  const end = { epoch: "new", seq: 1, channel: "b", type: "end", mode: "reliable", at: 0, data: "1" } as const;
  const page = (part: Partial<Page>): Page => ({
    entries: [],
    next: { epoch: "new", seq: 1 },
    more: false,
    holes: [],
    ...part,
  });
  const log: EventLog = {
    ...memoryLog(),
    current: async (paths, after) => {
      asked.push(`current ${after?.epoch ?? "from the start"}`);
      if (after === null) return page({ next: { epoch: "old", seq: 9 }, more: true });
      return page({ holes: paths.map((path) => ({ channel: path, reason: "lost", to: 1 })) });
    },
    recent: async ([path]) => {
      asked.push(`recent ${path}`);
      return page({ entries: path === "b" ? [end] : [] });
    },
  };
  const reads = createReadQueue({ concurrency: 1, timeLimit: 10_000, clock: new SteppedClock() });
  const limit = { entries: 10, bytes: 1_000 };
  const ends = await findEnds({ log, reads }, ["a", "b"], limit, new AbortController().signal);
  expect(ends).toEqual([end]);
  expect(asked).toEqual(["current from the start", "current old", "recent a", "recent b"]);
});
