import { expect, onTestFinished, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { shop } from "../../test/sales.ts";
import { SteppedClock } from "../../test/stepped-clock.ts";
import { parsePage, request } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";
import { createHub } from "../index.ts";

const [open, over] = [shop.sale({ id: "open" }), shop.sale({ id: "over" })];
const BOTH = "channel=sales/open&channel=sales/over";

/** A hub with two channels of 5,000 values each, of which one has ended. */
async function openSales() {
  const clock = new SteppedClock();
  const log = new WatchedLog({ now: clock.now });
  const hub = createHub(shop, { log, clock, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  for (const address of [open, over]) {
    const items = Array.from({ length: 5_000 }, (_, index) => ({ item: String(index) }));
    await hub.publishAll(items.map((data) => ({ address, type: "price", data })));
  }
  await hub.end(over, { sold: 1 });
  await clock.settle();
  const before = log.callCount;
  return { hub, clock, looks: () => log.callCount - before };
}

const END = { channel: "sales/over", type: "end", data: { sold: 1 } };

test("a page tells of an end without reading the values that nobody has asked for", async () => {
  const { hub, clock, looks } = await openSales();
  const asking = hub.handle(request(BOTH, { headers: { accept: "application/json" } }));
  await clock.settle();
  expect(parsePage(await asking).json.events).toEqual([END]);
  expect(looks()).toBeLessThan(10);
});

test.each([
  ["tells of an end", BOTH, 0],
  [
    "gets all values of the path that it has asked for, and an end of another one",
    BOTH.replace("over", "over@now"),
    5_000,
  ],
])("a stream %s without reading the values that nobody has asked for", async (_, query, values) => {
  const { hub, clock, looks } = await openSales();
  const asking = hub.handle(request(`${query}&protocol=1`));
  await clock.settle();
  const response = await asking;
  if (!("open" in response)) throw new Error("Expected a stream.");
  const sink = new BufferSink();
  response.open(sink);
  await clock.settle();
  expect(sink.received).toHaveLength(values + 1);
  expect(sink.received).toContain('sales/over:end {"sold":1}');
  expect(sink.of("heartbeat")).toHaveLength(1);
  expect(looks()).toBeLessThan(50);
});

test("a loop tells of an end, and a lease is refused or taken, without reading the values", async () => {
  const { hub, clock, looks } = await openSales();
  const next = hub.events([open, over]).next();
  await clock.settle();
  expect((await next).value).toMatchObject({ kind: "end", data: { sold: 1 } });
  const options = { ttl: 10_000, aborted: { sold: 0 } };
  const refused = hub.lease(over, options).catch((error: unknown) => error);
  const taken = hub.lease(open, options);
  await clock.settle();
  expect(await refused).toMatchObject({ code: "ended" });
  await (await taken).end({ sold: 2 });
  expect(looks()).toBeLessThan(40);
});
