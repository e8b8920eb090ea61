import { describe, expect, test } from "vitest";
import { chat, lobby, openTestHub, request, tea } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";
const JSON_HEADERS = { accept: "application/json" };

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
    const { page, say } = await openTestHub({ limits: { pageBytes: 450 } });
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
