import { describe, expect, test } from "vitest";
import { chat, lobby, openTestHub, tea } from "../../test/test-hub.ts";

const QUERY = "channel=rooms/lobby&channel=rooms/tea";

/** The lobby has 10,000 hidden messages. @param isBounded whether a path has the same bound */
async function openHiddenRoom(isBounded: (path: string) => boolean = () => true) {
  let readableFrom = "";
  const opened = await openTestHub({
    keep: { entries: 20_000 },
    limits: { ringEntries: 1 },
    authorize: ({ path }) => (isBounded(path) ? { readableFrom } : true),
  });
  const [old = ""] = await opened.say("old");
  await opened.hub.publish(tea, "message", { text: "early" });
  const hidden = Array.from(
    { length: 10_000 },
    () => ({ address: lobby, type: "message", data: { text: "no" } }) as const,
  );
  readableFrom = (await opened.hub.publishAll(hidden)).at(-1)?.id ?? "";
  await opened.say("first", "second");
  await opened.hub.publish(tea, "message", { text: "third" });
  await opened.clock.settle();
  return { ...opened, old };
}

describe("a reader whose position lies before everything that it may read", () => {
  test("costs a page one read, which begins at the bound", async () => {
    const { page, log, old } = await openHiddenRoom();
    const before = log.ownReads;
    const { json } = await page(`${QUERY}&after=${old}`);
    expect(json.events.map(({ data }) => data)).toEqual([{ text: "first" }, { text: "second" }, { text: "third" }]);
    expect([json.more, json.gap, log.ownReads - before]).toEqual([false, undefined, 1]);
  });

  test("costs a stream one read", async () => {
    const { connect, log, old } = await openHiddenRoom();
    const before = log.ownReads;
    const { sink } = await connect(`${QUERY}&after=${old}&protocol=1`);
    expect(sink.received).toHaveLength(3);
    expect(log.ownReads - before).toBe(1);
  });

  test("hears of a position that means nothing all the same", async () => {
    const { page } = await openHiddenRoom();
    const { json } = await page(`${QUERY}&after=another.1`);
    expect(json.gap?.channels).toEqual({ "rooms/lobby": "reset", "rooms/tea": "reset" });
  });
});

describe("a reader who may read one of its rooms only from a later position on", () => {
  const isLobby = (path: string): boolean => path === lobby.path;
  const READABLE = ["early", "first", "second", "third"].map((text) => ({ text }));

  test("costs pages two reads, none of what is hidden", async () => {
    const { page, log, old } = await openHiddenRoom(isLobby);
    const before = log.ownReads;
    const first = (await page(`${QUERY}&after=${old}`)).json;
    const second = (await page(`${QUERY}&after=${first.cursor}`)).json;
    expect([...first.events, ...second.events].map(({ data }) => data)).toEqual(READABLE);
    expect([first.more, second.more, log.ownReads - before]).toEqual([true, false, 2]);
  });

  test("costs a stream two reads", async () => {
    const { connect, log, old } = await openHiddenRoom(isLobby);
    const before = log.ownReads;
    const { sink } = await connect(`${QUERY}&after=${old}&protocol=1`);
    expect(sink.received).toHaveLength(READABLE.length);
    expect(log.ownReads - before).toBe(2);
  });

  test("hears of a failover in all of its rooms", async () => {
    const { page, connect, log, old } = await openHiddenRoom(isLobby);
    const read = log.read.bind(log);
    log.read = (...args) => {
      if (args[1] !== null) log.lose();
      return read(...args);
    };
    const channels = { "rooms/lobby": "reset", "rooms/tea": "reset" };
    const { sink } = await connect(`${QUERY}&after=${old}&protocol=1`);
    expect(sink.of("gap")).toMatchObject([{ data: { channels } }]);
    const { json } = await page(`${QUERY}&after=${old}`);
    expect(json.gap).toEqual({ channels });
  });
});

test("bounds that lie far apart in a log of others cost a page no empty answers", async () => {
  const bounds = new Map<string, string>();
  const { hub, page } = await openTestHub({
    keep: { entries: 20_000 },
    limits: { ringEntries: 1 },
    authorize: ({ path }) => ({ readableFrom: bounds.get(path) ?? "" }),
  });
  const paths = ["rooms/a", "rooms/b", "rooms/c"];
  let first = "";
  for (const path of paths) {
    const others = Array.from(
      { length: 1_000 },
      () => ({ address: tea, type: "message", data: { text: "x" } }) as const,
    );
    const id = (await hub.publishAll(others)).at(-1)?.id ?? "";
    first ||= id;
    bounds.set(path, id);
  }
  await hub.publish(chat.room({ roomId: "a" }), "message", { text: "last" });
  const { json } = await page(`${paths.map((path) => `channel=${path}`).join("&")}&after=${first}`);
  expect([json.events.map(({ data }) => data), json.more]).toEqual([[{ text: "last" }], false]);
});
