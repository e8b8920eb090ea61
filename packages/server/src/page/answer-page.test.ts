import { describe, expect, test } from "vitest";
import { chat, lobby, openTestHub, parsePage, request, tea } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";

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

describe("history", () => {
  test("the newest events, oldest first, and the older ones before them", async () => {
    const { page, say } = await openTestHub();
    const ids = await say("a", "b", "c", "d", "e");
    const { json } = await page(`${LOBBY}&last=2`);
    expect(json.events.map(({ id }) => id)).toEqual(ids.slice(3));
    expect([json.more, json.cursor]).toEqual([true, ids[4]]);
    const older = await page(`${LOBBY}&last=10&before=${json.events[0]?.id}`);
    expect(older.json.events.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(older.json.more).toBe(false);
  });

  test("has no more bytes than a page may have, and says that there is more", async () => {
    const { page, say } = await openTestHub({ limits: { pageBytes: 250 } });
    await say(...["a", "b", "c"].map((text) => text.repeat(100)));
    const { json } = await page(`${LOBBY}&last=3`);
    expect(json.events).toHaveLength(2);
    expect(json.more).toBe(true);
  });

  test("reads on when some events are hidden from the viewer, but not where everything is hidden", async () => {
    let from = "";
    const { page, say, log, hub } = await openTestHub({
      authorize: ({ path }) => (path === lobby.path ? { readableFrom: from } : true),
    });
    for (let index = 0; index < 10; index++) await hub.publish(tea, "message", { text: String(index) });
    [from = ""] = (await say("a", "b", "c", "d", "e")).slice(-1);
    const both = await page(`${LOBBY}&channel=rooms/tea&last=3`);
    expect(both.json.events.map(({ channel }) => channel)).toEqual(["rooms/tea", "rooms/tea", "rooms/tea"]);
    expect(both.json.more).toBe(true);
    log.calls["recent"] = 0;
    const { json } = await page(`${LOBBY}&last=3`);
    expect([json.events, json.more, log.calls["recent"]]).toEqual([[], false, 1]);
  });

  test("reads only the rooms that the viewer may read further back, however much is hidden in another", async () => {
    let from = "";
    const { page, log, hub } = await openTestHub({
      keep: { entries: 20_000 },
      authorize: ({ path }) => (path === lobby.path ? { readableFrom: from } : true),
    });
    await hub.publish(tea, "message", { text: "old" });
    const hidden = await hub.publishAll(
      Array.from({ length: 10_000 }, () => ({ address: lobby, type: "message" as const, data: { text: "hidden" } })),
    );
    from = hidden.at(-1)?.id ?? "";
    log.calls["recent"] = 0;
    const { json } = await page(`${LOBBY}&channel=rooms/tea&last=1`);
    expect(json.events.map(({ data }) => data)).toEqual([{ text: "old" }]);
    expect([json.more, log.calls["recent"]]).toEqual([false, 2]);
  });

  test("asks at most once more for each room with a lower bound, and never for a client that is gone", async () => {
    const bounds = new Map<string, string>();
    const { hub, clock, log, page } = await openTestHub({
      authorize: ({ path }) => ({ readableFrom: bounds.get(path) ?? "" }),
    });
    const rooms = Array.from({ length: 40 }, (_, index) => chat.room({ roomId: `${index}` }));
    // Each room hides all that it has, and they lie one behind the other.
    for (const room of rooms) {
      for (let count = 0; count < 20; count++) {
        const { id } = await hub.publish(room, "message", { text: "hidden" });
        bounds.set(room.path, id);
      }
    }
    const query = `${rooms.map(({ path }) => `channel=${path}`).join("&")}&last=1`;
    log.calls["recent"] = 0;
    expect((await page(query)).json.events).toEqual([]);
    expect(log.calls["recent"]).toBeLessThanOrEqual(41);

    const recent = log.recent.bind(log);
    const client = new AbortController();
    log.recent = async (...args) => {
      client.abort();
      return recent(...args);
    };
    log.calls["recent"] = 0;
    const left = hub.handle(request(query, { headers: JSON_HEADERS, signal: client.signal }));
    await clock.settle();
    await left;
    expect(log.calls["recent"]).toBe(1);
  });

  test("before a position that is not valid is a gap", async () => {
    const { page, say } = await openTestHub();
    await say("a");
    expect((await page(`${LOBBY}&before=zzz.1`)).json.gap).toEqual({ channels: { "rooms/lobby": "reset" } });
  });
});

describe("snapshots (law 8)", () => {
  test("a position that was read before the state, and the current values", async () => {
    let publish = async (): Promise<unknown> => null;
    const { page, hub, say, connect } = await openTestHub({
      snapshotOverlap: 0,
      snapshot: {
        room: async () => {
          await publish();
          return { texts: ["a", "b"] };
        },
      },
    });
    const [first = ""] = await say("a");
    publish = () => hub.publish(lobby, "message", { text: "b" });
    const { json } = await page(`${LOBBY}&snapshot`);
    expect(json.state).toEqual({ "rooms/lobby": { texts: ["a", "b"] } });
    expect(json.cursor).toBe(first);
    const { sink } = await connect(`${LOBBY}&after=${json.cursor}`);
    expect(sink.received).toHaveLength(1);
  });

  test("requests at the same time share one load, unless the viewers may read different parts", async () => {
    const loads: ((state: { texts: string[] }) => void)[] = [];
    const { hub, clock } = await openTestHub({
      authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "" }),
      authorize: ({ viewer }) => (viewer.id === "new" ? { readableFrom: "e.5" } : true),
      snapshot: { room: () => new Promise((resolve) => void loads.push(resolve)) },
    });
    const asking = ["ada", "bob", "new"].map((authorization) =>
      hub.handle(request(`${LOBBY}&snapshot`, { headers: { ...JSON_HEADERS, authorization } })),
    );
    await clock.settle();
    for (const finish of loads) finish({ texts: [] });
    await clock.settle();
    await Promise.all(asking);
    expect(loads).toHaveLength(2);
  });

  test("a state that loads longer than the right lasts is shown only if authorize allows it again", async () => {
    let rights = 1;
    const { hub, clock } = await openTestHub({
      authorize: () => rights-- > 0 && { expiresAt: clock.now() + 1_000 },
      snapshot: {
        room: () => new Promise((resolve) => void clock.setTimeout(() => resolve({ texts: ["secret"] }), 3_000)),
      },
    });
    const ask = (signal?: AbortSignal) =>
      hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS, ...(signal && { signal }) }));
    const refused = ask();
    await clock.advance(3_000);
    const { status, json } = parsePage(await refused);
    expect([status, json.state]).toEqual([403, undefined]);
    rights = 2;
    const allowed = ask();
    await clock.advance(3_000);
    expect(parsePage(await allowed).json.state).toEqual({ "rooms/lobby": { texts: ["secret"] } });
  });

  test.each([
    ["at once", 0],
    ["as slowly as the state loads", 100],
  ])(
    "are answered although the room is rechecked faster than its state loads; authorize answers %s",
    async (_, delay) => {
      let loads = 0;
      const later = <Answer>(answer: Answer, milliseconds: number) =>
        new Promise<Answer>((resolve) => void clock.setTimeout(() => resolve(answer), milliseconds));
      const { hub, clock } = await openTestHub({
        authorize: () => (delay === 0 ? true : later(true, delay)),
        snapshot: {
          room: () => {
            loads++;
            return later({ texts: ["a"] }, 100);
          },
        },
      });
      let status = 0;
      void hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS })).then((answer) => ({ status } = answer));
      for (let time = 0; time < 500; time += 50) {
        await hub.recheck({ address: lobby });
        await clock.advance(50);
      }
      expect([status, loads]).toEqual([200, 1]);
    },
  );

  test("are made again when the log was replaced while authorize was asked again", async () => {
    const log = new WatchedLog();
    let allow: () => void = () => expect.fail("Expected authorize to be asked again.");
    let isSlow = false;
    let load: (state: { texts: string[] }) => void = () => {};
    const { hub, clock, say } = await openTestHub({
      log,
      authorize: () => (isSlow ? new Promise<boolean>((resolve) => (allow = () => resolve(true))) : true),
      snapshot: { room: () => new Promise((resolve) => (load = resolve)) },
    });
    await say("lost");
    const asking = hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS }));
    await clock.settle();
    await hub.recheck({ address: lobby });
    isSlow = true;
    load({ texts: ["lost"] });
    await clock.settle();
    log.lose();
    isSlow = false;
    allow();
    await clock.settle();
    load({ texts: ["kept"] });
    const { state } = parsePage(await asking).json as { state: unknown };
    expect(state).toEqual({ [lobby.path]: { texts: ["kept"] } });
  });

  test("are given up when authorize allows something else each time", async () => {
    let seq = 0;
    const { hub, clock } = await openTestHub({
      authorize: () => ({ readableFrom: `e.${seq++}` }),
      snapshot: {
        room: () => new Promise((resolve) => void clock.setTimeout(() => resolve({ texts: ["a"] }), 100)),
      },
    });
    const asking = hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS }));
    for (let time = 0; time < 1_000; time += 50) {
      await hub.recheck({ address: lobby });
      await clock.advance(50);
    }
    expect(parsePage(await asking)).toMatchObject({ status: 503, json: { code: "unavailable" } });
  });

  test("a load that began before the log was replaced is repeated", async () => {
    const loads: ((state: { texts: string[] }) => void)[] = [];
    const log = new WatchedLog();
    const room = () => new Promise<{ texts: string[] }>((resolve) => void loads.push(resolve));
    const { ask, say, clock } = await openTestHub({ log, snapshotOverlap: 0, snapshot: { room } });
    const [, before] = await say("a", "b");
    const first = ask(`${LOBBY}&snapshot`, { headers: JSON_HEADERS });
    await clock.settle();
    log.lose();
    const [after] = await say("c");
    const second = ask(`${LOBBY}&snapshot`, { headers: JSON_HEADERS });
    await clock.settle();
    // An event that only the new log has is neither in this state nor after the new log's head.
    loads.shift()?.({ texts: ["a", "b"] });
    await clock.settle();
    loads.shift()?.({ texts: ["a", "b", "c"] });
    const answers = [parsePage(await first), parsePage(await second)].map(({ json }) => [json.cursor, json.state]);
    expect(answers).toEqual([
      [before, { "rooms/lobby": { texts: ["a", "b"] } }],
      [after, { "rooms/lobby": { texts: ["a", "b", "c"] } }],
    ]);
  });

  test("a channel without one is 404, and the log is not read", async () => {
    const { page, log } = await openTestHub();
    const callsBefore = log.callCount;
    const { status, json } = await page("channel=users/ada/inbox&snapshot");
    expect([status, json.code, json.channels]).toEqual([404, "no-snapshot", ["users/ada/inbox"]]);
    expect(log.callCount).toBe(callsBefore);
  });

  test.each([
    ["a loader that throws", () => Promise.reject(new Error("secret of the database"))],
    ["a state that does not fit", () => ({ texts: [5] as never })],
  ])("%s is a 500 without details, and reported", async (_, room) => {
    const { page, records } = await openTestHub({ snapshot: { room } });
    const { status, json } = await page(`${LOBBY}&snapshot`);
    expect([status, JSON.stringify(json)]).toEqual([500, expect.not.stringContaining("secret")]);
    expect(records).toContainEqual(expect.objectContaining({ event: "hook-failed", detail: "snapshot" }));
  });
});

test("when the log does not answer a page is 503, and the client is told to come back", async () => {
  const { page, log } = await openTestHub();
  log.fails = true;
  expect(await page(LOBBY)).toMatchObject({
    status: 503,
    headers: { "retry-after": "5" },
    json: { code: "unavailable" },
  });
});
