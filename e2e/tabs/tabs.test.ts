import { createClient, type Client } from "@tidings/client";
import { tabs } from "@tidings/client/tabs";
import { VirtualClock } from "@tidings/testing";
import { describe, expect, test } from "vitest";
import { chat } from "../../packages/client/test/client-kit.ts";
import { FakeServer } from "../../packages/client/test/fake-server.ts";
import { shareAmong } from "../../packages/client/src/tabs/tabs.ts";
import { randomOf } from "../simulation/random.ts";
import { Suspendable } from "../suspendable.ts";
import { FakeBrowser } from "./fake-browser.ts";

const inboxOf = (userId: string) => chat.inbox({ userId });
const pathOf = (userId: string): string => inboxOf(userId).path;

interface OpenOptions {
  readonly headers?: Record<string, string>;
  readonly hasLocks?: boolean;
  readonly viewer?: string | null;
}

/** A browser whose tabs follow inboxes without snapshot, and a server that a test answers for. */
function openBrowser() {
  const server = new FakeServer();
  const clock = new VirtualClock();
  const random = randomOf(1);
  const browser = new FakeBrowser({ random, setTimeout: (task, after) => clock.setTimeout(task, after) });

  async function open(userId: string, { headers = {}, hasLocks = true, viewer = "ada" }: OpenOptions = {}) {
    const tab = new Suspendable();
    const heard: string[] = [];
    const closed: string[] = [];
    const client: Client<typeof chat> = createClient(chat, {
      url: "http://fake.test/events",
      headers,
      fetch: server.fetch,
      clock,
      random,
      onError: () => {},
      share: shareAmong(viewer, hasLocks ? browser.platformOf(tab, (task) => tab.run(task)) : null),
    });
    const follow = (who: string) =>
      client.subscribe(inboxOf(who), {
        mention: ({ by }) => heard.push(by),
        onGap: ({ reason }) => heard.push(reason),
        onClose: (reason) => closed.push(reason),
      });
    follow(userId);
    await clock.advance(20);
    return { client, follow, heard, closed, tab };
  }

  const shown = ({ client }: { readonly client: Client<typeof chat> }): string => client.status.value.state;
  return { server, clock, browser, open, shown };
}

/** Two tabs that share a stream. */
async function openTwo(options: OpenOptions = {}) {
  const kit = openBrowser();
  const leader = await kit.open("a", options);
  kit.server.stream.live("e.1");
  await kit.clock.advance(20);
  const other = await kit.open("b", options);
  const stream = kit.server.stream.live("e.1");
  await kit.clock.advance(20);
  // A tab that begins now asks where now is.
  kit.server.page.page({ cursor: "e.1" });
  await kit.clock.advance(20);
  return { ...kit, leader, other, stream };
}

test("two tabs have one stream, and each hears what it follows, and nothing else", async () => {
  const { server, clock, stream, leader, other, shown } = await openTwo();
  expect(server.stream.channels).toEqual([pathOf("a"), pathOf("b")]);
  expect(server.streams.filter(({ aborted }) => !aborted)).toHaveLength(1);
  expect([shown(leader), shown(other)]).toEqual(["live", "live"]);
  stream.event(`${pathOf("a")}:mention`, { by: "1" }, "e.2");
  stream.event(`${pathOf("b")}:mention`, { by: "2" }, "e.3");
  stream.gap({ [pathOf("b")]: "trimmed" });
  await clock.advance(20);
  expect([leader.heard, other.heard]).toEqual([["1"], ["2", "trimmed"]]);
});

test("a tab whose paths are quiet moves on with the feed, also while that never pauses", async () => {
  const { server, clock, stream, other, leader } = await openTwo();
  for (let seq = 2; seq < 42; seq++) {
    stream.event(`${pathOf("a")}:mention`, { by: String(seq) }, `e.${seq}`);
    await clock.advance(1_000);
  }
  leader.client.close();
  await clock.advance(20);
  expect(Number(server.stream.after?.slice(2))).toBeGreaterThan(25);
  expect(server.stream.channels).toEqual([pathOf("b")]);
  expect(other.heard).toEqual([]);
});

test("a gap is told once, also where the next stream is on its way", async () => {
  const { server, clock, stream, leader, open } = await openTwo();
  await open("c");
  const next = server.stream;
  expect(next.channels).toHaveLength(3);
  stream.gap({ [pathOf("a")]: "trimmed" });
  await clock.advance(20);
  expect(next.aborted).toBe(true);
  stream.heartbeat("e.9");
  await clock.advance(20);
  server.stream.live(server.stream.after);
  await clock.advance(20);
  expect([server.stream.after, server.stream.channels.length, leader.heard]).toEqual(["e.9", 3, ["trimmed"]]);
});

test.each(["empty", "of another epoch each"])("a tab does not follow pages that are %s for ever", async (kind) => {
  const { server, clock, open } = await openTwo();
  const third = await open("c");
  let pages = 0;
  server.onRequest = (request) => {
    if (request.isStream || pages > 5_000) return;
    pages++;
    request.page({ cursor: kind === "empty" ? `e.${pages}` : `f${pages % 2}.1`, more: true });
  };
  server.stream.live("g.1").heartbeat("g.9000");
  await clock.advance(30_000);
  expect(third.client.status.value).toMatchObject({ state: "retrying" });
  expect(pages).toBeGreaterThan(1);
  expect(pages).toBeLessThan(1_500);
});

test("when the leader closes, another tab leads within a moment, and its client does not notice", async () => {
  const { server, clock, stream, leader, other, shown } = await openTwo();
  stream.event(`${pathOf("b")}:mention`, { by: "1" }, "e.2");
  await clock.advance(20);
  leader.client.close();
  await clock.advance(50);
  expect([server.stream.after, server.stream.channels]).toEqual(["e.2", [pathOf("b")]]);
  const next = server.stream.live("e.2");
  next.event(`${pathOf("b")}:mention`, { by: "2" }, "e.3");
  await clock.advance(20);
  expect([other.heard, shown(other)]).toEqual([["1", "2"], "live"]);
});

test("a leader that is frozen is noticed within 15 seconds, and does not lead any more when it goes on", async () => {
  const { server, clock, leader, other } = await openTwo();
  const before = server.stream;
  leader.tab.suspend();
  await clock.advance(15_000);
  expect(server.stream).not.toBe(before);
  const next = server.stream.live("e.1");
  await clock.advance(20);
  next.event(`${pathOf("b")}:mention`, { by: "1" }, "e.2");
  await clock.advance(20);
  expect(other.heard).toEqual(["1"]);
  leader.tab.resume();
  await clock.advance(20);
  expect(before.aborted).toBe(true);
});

const CHANNEL = JSON.stringify(["tidings", 1, "http://fake.test/events", "ada"]);

describe("what is no message of a tab does nothing", () => {
  const junk = [null, undefined, 5, "x", {}, [], [null], { feed: {} }];
  const kinds = ["want", "leave", "ping", "pong", "lead", "start", "block", "retry", "end", "fail", "alone"];
  const messages: unknown[] = [
    ...junk,
    ...[...kinds, "hello", "constructor", 5, null].flatMap((kind) =>
      junk.map((about) => ({ kind, from: "stranger", about: kind === "lead" && about === null ? 5 : about })),
    ),
    { kind: "want", from: "stranger", about: { stream: "s", paths: 5, after: null } },
    { kind: "want", from: "stranger", about: { stream: "s", paths: [null], after: {} } },
    { kind: "lead", about: null },
  ];

  test("to a leader, nor to another tab: both go on", async () => {
    const { browser, clock, stream, leader, other, shown, server } = await openTwo();
    const channel = browser.platformOf({}, (task) => task()).openChannel(CHANNEL, () => {});
    for (const message of messages) channel.send(message);
    await clock.advance(5_000);
    stream.event(`${pathOf("a")}:mention`, { by: "1" }, "e.2");
    stream.event(`${pathOf("b")}:mention`, { by: "2" }, "e.3");
    await clock.advance(20);
    expect([leader.heard, other.heard, shown(leader), shown(other)]).toEqual([["1"], ["2"], "live", "live"]);
    expect(server.streams).toHaveLength(2);
  });

  test("of a feed that the tab hears: it misses nothing", async () => {
    const { browser, clock, stream, other } = await openTwo();
    const said: { readonly kind?: string; readonly about?: { readonly feed?: string; readonly count?: number } }[] = [];
    const channel = browser
      .platformOf({}, (task) => task())
      .openChannel(CHANNEL, (message) => said.push(message as object));
    stream.event(`${pathOf("b")}:mention`, { by: "1" }, "e.2");
    await clock.advance(20);
    const last = said.findLast(({ kind }) => kind === "block")?.about;
    const { feed = "", count = 0 } = last ?? {};
    for (const block of [null, 5, {}, { event: 5, data: null, id: null }, { event: "a", data: {}, id: [] }]) {
      channel.send({ kind: "block", from: "stranger", about: { feed, count: count + 1, block } });
    }
    for (const failure of [
      null,
      {},
      { reason: {}, code: 5 },
      { reason: "network", code: "network", text: "", channels: 5 },
    ]) {
      channel.send({ kind: "end", from: "stranger", about: { feed, failure } });
    }
    channel.send({ kind: "retry", from: "stranger", about: { feed, milliseconds: Number.NaN } });
    await clock.advance(20);
    stream.event(`${pathOf("b")}:mention`, { by: "2" }, "e.3");
    await clock.advance(20);
    expect(other.heard).toEqual(["1", "2"]);
  });

  test("keeps no leader alive that is frozen", async () => {
    const { browser, server, clock, leader } = await openTwo();
    const before = server.stream;
    const channel = browser.platformOf({}, (task) => task()).openChannel(CHANNEL, () => {});
    leader.tab.suspend();
    for (let second = 0; second < 15; second++) {
      channel.send({ kind: "hello", from: "stranger" });
      await clock.advance(1_000);
    }
    expect(server.stream).not.toBe(before);
  });
});

describe("a refusal reaches those whom it concerns", () => {
  test("a path that the server refuses on the stream", async () => {
    const { clock, stream, leader, other } = await openTwo();
    stream.bye("forbidden", [pathOf("b")]);
    stream.event(`${pathOf("a")}:mention`, { by: "1" }, "e.2");
    await clock.advance(20);
    expect([leader.closed, other.closed, leader.heard]).toEqual([[], ["forbidden"], ["1"]]);
  });

  test("a path that the server refuses before", async () => {
    const { server, clock, stream, leader, other, shown } = await openTwo();
    other.follow("c");
    await clock.advance(20);
    server.stream.answer(403, { code: "forbidden", channels: [pathOf("c")] });
    await clock.advance(20);
    stream.event(`${pathOf("a")}:mention`, { by: "1" }, "e.2");
    await clock.advance(20);
    expect([leader.closed, other.closed, leader.heard]).toEqual([[], ["forbidden"], ["1"]]);
    expect([shown(leader), shown(other)]).toEqual(["live", "live"]);
  });

  test("a request that the server refuses as a whole is made again by each tab alone", async () => {
    const { server, clock, open } = openBrowser();
    const first = await open("a");
    server.stream.answer(400);
    await clock.advance(20);
    server.stream.answer(400);
    await clock.advance(20);
    expect([first.closed, server.streams.length]).toEqual([["rejected"], 2]);
  });

  test("when the credentials of the leader are refused, a tab leads that has others", async () => {
    const { server, clock, open, shown } = openBrowser();
    const first = await open("a", { headers: { token: "old" } });
    const second = await open("b", { headers: { token: "new" } });
    server.stream.answer(401);
    await clock.advance(20);
    expect(server.stream.headers.get("token")).toBe("new");
    expect(server.stream.channels).toEqual([pathOf("b")]);
    server.stream.live("e.1");
    await clock.advance(5_000);
    // The first one comes back, and its own credentials do not matter any more.
    server.stream.live("e.1");
    await clock.advance(20);
    server.page.page({ cursor: "e.1" });
    await clock.advance(20);
    expect([shown(first), shown(second)]).toEqual(["live", "live"]);
    expect(server.stream.headers.get("token")).toBe("new");
  });
});

test("what does not fit into one request is asked for by its tab alone", async () => {
  const { server, clock, open, leader } = await openTwo();
  const many = await open("c0");
  server.stream.live("e.1");
  await clock.advance(20);
  server.page.page({ cursor: "e.1" });
  await clock.advance(20);
  for (let index = 1; index < 99; index++) many.follow(`c${index}`);
  await clock.advance(1_100);
  const own = server.streams.filter(({ aborted, channels }) => !aborted && channels.length === 99);
  expect(own).toHaveLength(1);
  expect(leader.closed).toEqual([]);
});

describe("each tab is alone", () => {
  test("where the browser has no locks", async () => {
    const { server, open } = openBrowser();
    await open("a", { hasLocks: false });
    await open("b", { hasLocks: false });
    expect(server.streams.map(({ channels }) => channels)).toEqual([[pathOf("a")], [pathOf("b")]]);
  });

  test("where nobody is signed in", async () => {
    const { server, open } = openBrowser();
    await open("a", { viewer: null });
    await open("b", { viewer: null });
    expect(server.streams.map(({ channels }) => channels)).toEqual([[pathOf("a")], [pathOf("b")]]);
  });

  test("where another person is signed in", async () => {
    const { server, open } = openBrowser();
    await open("a", { viewer: "ada" });
    await open("b", { viewer: "bob" });
    expect(server.streams.map(({ channels }) => channels)).toEqual([[pathOf("a")], [pathOf("b")]]);
  });

  test("where the browser forbids locks and channels to the page", async () => {
    const { server, clock } = openBrowser();
    const locks = { request: () => Promise.reject(new DOMException("no", "SecurityError")) };
    const channel = { send: () => {}, close: () => {} };
    const refuse = (): never => {
      throw new DOMException("no", "SecurityError");
    };
    for (const openChannel of [() => channel, refuse]) {
      const share = shareAmong("ada", { locks, openChannel });
      const client = createClient(chat, { url: "http://fake.test/events", fetch: server.fetch, clock, share });
      client.subscribe(inboxOf("a"), { onGap: () => {} });
      await clock.advance(20);
    }
    expect(server.streams).toHaveLength(2);
  });
});

test("a viewer has to be said", () => {
  // @ts-expect-error without one, tabs of different people would share
  expect(() => tabs({})).toThrow(
    'Expected "viewer" to be null or the id of the person who is signed in, got undefined.',
  );
  expect(() => tabs({ viewer: "" })).toThrow('got "".');
});

test.each(["is quiet", "is busy with others"])("an event far ahead deafens no tab while the stream %s", async (how) => {
  const { server, clock, stream, other } = await openTwo();
  stream.event(`${pathOf("b")}:mention`, { by: "far" }, "e.9007199254740991");
  for (let seq = 2; seq < 22; seq++) {
    if (how === "is quiet") stream.heartbeat("e.2");
    else stream.event(`${pathOf("a")}:mention`, { by: "" }, `e.${seq}`);
    await clock.advance(1_000);
  }
  expect(server.page.after).toBe("e.9007199254740991");
  server.page.page({ cursor: "e.21", gap: { channels: { [pathOf("b")]: "lost" } } });
  await clock.advance(1_000);
  stream.event(`${pathOf("b")}:mention`, { by: "22" }, "e.22");
  await clock.advance(20);
  expect(other.heard).toEqual(["far", "lost", "22"]);
});

test("a browser whose locks never answer keeps no tab waiting for longer than 11 seconds", async () => {
  const { server, clock, browser, shown } = openBrowser();
  const platform = { ...browser.platformOf({}, (task) => task()), locks: { request: () => new Promise(() => {}) } };
  const client = createClient(chat, {
    url: "http://fake.test/events",
    fetch: server.fetch,
    clock,
    onError: () => {},
    share: shareAmong("ada", platform),
  });
  client.subscribe(inboxOf("a"), { mention: () => {}, onGap: () => {} });
  await clock.advance(11_000);
  const stream = server.stream.live("e.1");
  await clock.advance(20);
  expect(shown({ client })).toBe("live");
  // It has learnt that: the next stream does not wait for them again.
  stream.end();
  await clock.advance(5_000);
  expect(server.streams).toHaveLength(2);
});
