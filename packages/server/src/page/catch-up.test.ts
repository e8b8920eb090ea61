import { describe, expect, test } from "vitest";
import { lobby, openTestHub, parsePage, request, tea } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";
const JSON_HEADERS = { accept: "application/json" };

describe("forwards", () => {
  test("what is owed after the position, and where to go on from", async () => {
    const { page, say, hub } = await openTestHub();
    const [first = "", second] = await say("a", "b");
    const { json, headers } = await page(`${LOBBY}&after=${first}`);
    expect(json).toEqual({
      events: [{ channel: "rooms/lobby", type: "message", data: { text: "b" }, id: second }],
      cursor: hub.stats().ring.head,
      more: false,
    });
    expect(headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
  });

  test("page after page, nothing is missing or repeated", async () => {
    const { page, say } = await openTestHub({ limits: { pageEvents: 3 } });
    const [first = ""] = await say("0", "1", "2", "3", "4", "5", "6", "7");
    const texts: unknown[] = [];
    for (let cursor = first, more = true; more;) {
      const { json } = await page(`${LOBBY}&after=${cursor}`);
      texts.push(...json.events.map(({ data }) => data));
      ({ cursor, more } = json);
    }
    expect(texts).toEqual(["1", "2", "3", "4", "5", "6", "7"].map((text) => ({ text })));
  });

  test("a page and a stream go on from each other's positions", async () => {
    const { page, connect, say } = await openTestHub();
    const [first = ""] = await say("a", "b");
    const { json } = await page(`${LOBBY}&after=${first}`);
    const { sink } = await connect(`${LOBBY}&after=${json.cursor}`);
    await say("c");
    const { json: rest } = await page(`${LOBBY}&after=${sink.events.at(-1)?.id}`);
    expect([sink.received.length, rest.events]).toEqual([1, []]);
  });

  test("a hole and a lost position are gaps, with the position to go on from", async () => {
    const { page, say, hub } = await openTestHub({ keep: { entries: 1 } });
    const [first = ""] = await say("a", "b", "c");
    const holed = await page(`${LOBBY}&after=${first}`);
    expect(holed.json.gap).toEqual({ channels: { "rooms/lobby": "trimmed" } });
    expect(holed.json.events).toHaveLength(1);
    const lost = await page(`${LOBBY}&channel=rooms/tea&after=zzz.1`);
    expect(lost.json).toEqual({
      events: [],
      cursor: hub.stats().ring.head,
      more: false,
      gap: { channels: { "rooms/lobby": "reset", "rooms/tea": "reset" } },
    });
  });

  test("a lost position of one channel is reported even if retention has removed later events", async () => {
    const { page, log, hub } = await openTestHub({ keep: { entries: 1 } });
    const current = log.current.bind(log);
    // Runs after the head was read, where the channel starts, and before the events are read.
    log.current = async (...args) => {
      for (const text of ["a", "b"]) await hub.publish(lobby, "message", { text });
      return current(...args);
    };
    const { json } = await page(`${LOBBY}@zzz.1`);
    expect(json).toMatchObject({ events: [{ data: { text: "b" } }], gap: { channels: { "rooms/lobby": "reset" } } });
  });

  test("the current values of new channels come first; withdrawn ones are cleared", async () => {
    const { page, hub, say } = await openTestHub();
    const [first = ""] = await say("a");
    await hub.publish(lobby, "topic", { text: "tea" });
    const values = await page(`${LOBBY}@now`);
    expect(values.json.events).toEqual([{ channel: "rooms/lobby", type: "topic", data: { text: "tea" } }]);
    await hub.clear(lobby, "topic");
    const { json } = await page(`${LOBBY}&after=${first}`);
    expect(json.events).toEqual([{ channel: "rooms/lobby", type: "topic", clear: "", id: expect.any(String) }]);
  });
});

describe("a long poll", () => {
  test("is held back until there is an event of its channels", async () => {
    const { hub, clock, say } = await openTestHub();
    let answered = false;
    const asking = hub.handle(request(`${LOBBY}&wait=30`, { headers: JSON_HEADERS })).finally(() => (answered = true));
    await clock.advance(5_000);
    await hub.publish(tea, "message", { text: "elsewhere" });
    await clock.settle();
    expect(answered).toBe(false);
    await say("a");
    await clock.settle();
    expect(parsePage(await asking).json.events).toHaveLength(1);
  });

  test("is answered empty when the time is over, with the position, and leaves nothing behind", async () => {
    const { hub, clock, say } = await openTestHub();
    const before = { stats: hub.stats(), timers: clock.pending };
    const asking = hub.handle(request(`${LOBBY}&wait=30`, { headers: JSON_HEADERS }));
    await clock.advance(10_000);
    expect(hub.stats().channels).toBe(1);
    await clock.advance(20_000);
    const { json } = parsePage(await asking);
    expect(json).toEqual({ events: [], cursor: hub.stats().ring.head, more: false });
    expect({ stats: hub.stats(), timers: clock.pending }).toEqual(before);
    await say("a");
  });

  test.each([7_200_000, -7_200_000])("lasts as long when the clock is set by %d ms", async (jump) => {
    const { hub, clock } = await openTestHub();
    let answered = false;
    const asking = hub.handle(request(`${LOBBY}&wait=30`, { headers: JSON_HEADERS })).finally(() => (answered = true));
    await clock.advance(10_000);
    clock.jump(jump);
    await hub.publish(tea, "message", { text: "elsewhere" });
    await clock.advance(19_000);
    expect(answered).toBe(false);
    await clock.advance(1_000);
    expect([answered, parsePage(await asking).json.events]).toEqual([true, []]);
  });

  test("ends at once when the client leaves, and leaves nothing behind", async () => {
    const { hub, clock } = await openTestHub();
    const timers = clock.pending;
    const gone = new AbortController();
    const asking = hub.handle(request(`${LOBBY}&wait=30`, { headers: JSON_HEADERS, signal: gone.signal }));
    await clock.settle();
    gone.abort();
    await clock.settle();
    await asking;
    expect([hub.stats().channels, clock.pending]).toEqual([0, timers]);
  });

  test("counts against the limit of its viewer while it waits", async () => {
    const { hub, clock, ask } = await openTestHub({
      authenticate: () => ({ id: "ada" }),
      limits: { connectionsPerViewer: 1 },
    });
    const asking = hub.handle(request(`${LOBBY}&wait=30`, { headers: JSON_HEADERS }));
    await clock.settle();
    expect((await ask(`${LOBBY}&protocol=1`)).status).toBe(429);
    await clock.advance(30_000);
    await asking;
    expect((await ask(`${LOBBY}&protocol=1`)).status).toBe(200);
  });

  test("counts even if many come at the same moment", async () => {
    const { page, clock } = await openTestHub({
      authenticate: () => ({ id: "ada" }),
      limits: { connectionsPerViewer: 2 },
    });
    const polls = Array.from({ length: 5 }, () => page(`${LOBBY}&wait=20`));
    await clock.advance(20_000);
    const statuses = (await Promise.all(polls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(3);
  });

  test("ends when the credentials do", async () => {
    const { hub, clock } = await openTestHub({ authorize: () => ({ expiresAt: Date.UTC(2026, 0, 1) + 10_000 }) });
    let answered = false;
    const asking = hub.handle(request(`${LOBBY}&wait=30`, { headers: JSON_HEADERS })).finally(() => (answered = true));
    await clock.advance(10_000);
    expect(answered).toBe(true);
    await asking;
  });

  test("asks again when the viewer's right ends meanwhile, and is answered at once", async () => {
    let expiresAt = Date.UTC(2026, 0, 1) + 10_000;
    const { hub, clock } = await openTestHub({ authorize: () => ({ expiresAt }) });
    const ask = () => hub.handle(request(`${LOBBY}&wait=30`, { headers: JSON_HEADERS }));
    const refused = ask();
    await clock.advance(10_000);
    expect(parsePage(await refused).status).toBe(403);
    expiresAt = clock.now() + 10_000;
    const renewed = ask();
    await clock.advance(9_000);
    expiresAt = clock.now() + 10_000;
    await clock.advance(1_000);
    expect(parsePage(await renewed).status).toBe(200);
  });

  test("asks again when the viewer's right is taken meanwhile, and shows nothing", async () => {
    let allowed = true;
    const { hub, clock, say } = await openTestHub({ authorize: () => allowed });
    const asking = hub.handle(request(`${LOBBY}&wait=30`, { headers: JSON_HEADERS }));
    await clock.settle();
    allowed = false;
    await hub.recheck({ address: lobby });
    await clock.settle();
    await say("secret");
    await clock.settle();
    expect(parsePage(await asking).status).toBe(403);
  });

  test("is answered at once when the hub closes", async () => {
    const { hub, clock, log } = await openTestHub();
    const asking = hub.handle(request(`${LOBBY}&wait=60`, { headers: JSON_HEADERS }));
    await clock.settle();
    await hub.close();
    log.fails = true;
    await clock.settle();
    expect(parsePage(await asking)).toMatchObject({ status: 200, json: { events: [] } });
  });
});
