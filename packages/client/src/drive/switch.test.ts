import { describe, expect, test } from "vitest";
import { chat, inbox, lobby, other } from "../../test/client-kit.ts";
import { live, MENTION, untilNext } from "../../test/stream-kit.ts";
import { joined } from "../../test/subscription-kit.ts";

const onGap = () => {};
const person = (index: number) => chat.inbox({ userId: `u${index}` });

/** A client with a stream that runs, and a request for the next one that is under way. */
async function switching() {
  const kit = await live();
  const late: string[] = [];
  const reasons: string[] = [];
  const newcomer = kit.client.subscribe(other, {
    mention: ({ by }) => late.push(by),
    onGap: ({ reason }) => late.push(`gap ${reason}`),
    onClose: (reason) => reasons.push(reason),
  });
  await kit.clock.advance(0);
  return { ...kit, late, reasons, newcomer, next: kit.server.stream };
}

describe("when something else is followed, the stream goes on until the next one says hello", () => {
  test("and nothing of it is lost, repeated or late", async () => {
    const { server, clock, stream, next, heard, late, client } = await switching();
    expect(server.streams.map(({ aborted }) => aborted)).toEqual([false, false]);
    expect([next.after, next.channels]).toEqual(["e.1", [inbox.path, other.path]]);
    stream.event(MENTION, { by: "2" }, "e.2");
    await clock.advance(0);
    expect(heard).toEqual(["2"]);
    const successor = next.live("e.1");
    successor.event(MENTION, { by: "2" }, "e.2");
    successor.event(MENTION, { by: "3" }, "e.3");
    successor.event(`${other.path}:mention`, { by: "x" }, "e.4");
    await clock.advance(0);
    expect([heard, late]).toEqual([["2", "3"], ["x"]]);
    expect(server.streams.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(server.pages).toHaveLength(0);
    expect(client.status.value).toEqual({ state: "live" });
  });

  test("however often that happens: each request takes along what came since the last one", async () => {
    const { client, server, clock, heard, stream: first } = await live();
    let stream = first;
    let seq = 1;
    for (let index = 0; index < 80; index++) {
      client.subscribe(person(index), { onGap });
      await clock.advance(100);
      stream.event(MENTION, { by: String(++seq) }, `e.${seq}`);
      await clock.advance(0);
      // The server answers after a while, with everything since then.
      const { isOpen, after } = server.stream;
      if (index % 3 !== 2 || !isOpen) continue;
      stream = server.stream.live(after);
      for (let old = Number(after?.slice(2)) + 1; old <= seq; old++) {
        stream.event(MENTION, { by: String(old) }, `e.${old}`);
      }
      await clock.advance(0);
    }
    expect(heard).toEqual(Array.from({ length: 80 }, (_, index) => String(index + 2)));
    expect(server.streams.length).toBeLessThan(40);
    expect(server.stream.channels.length).toBeGreaterThan(75);
    expect(server.pages).toHaveLength(0);
  });

  test("also where the next one fails, which is tried again after growing pauses", async () => {
    const kit = await switching();
    const { server, clock, stream, heard, client, errors, newcomer, subscription } = kit;
    const pauses: number[] = [];
    for (let failure = 0; failure < 3; failure++) {
      server.stream.answer(503);
      pauses.push(await untilNext(kit));
      stream.heartbeat("e.1");
    }
    expect(pauses[2]).toBeGreaterThan(pauses[0] ?? Infinity);
    stream.event(MENTION, { by: "2" }, "e.2");
    await clock.advance(0);
    expect(heard).toEqual(["2"]);
    expect(newcomer.status.value).toMatchObject({
      state: "retrying",
      reason: "unavailable",
      cause: { code: "refused" },
    });
    expect(subscription.status.value).toEqual({ state: "live" });
    expect(client.status.value).toBe(newcomer.status.value);
    expect(errors.length).toBeGreaterThan(0);
    expect(server.streams[0]?.aborted).toBe(false);
  });

  test.each([
    [403, "forbidden", [other.path]],
    [400, "rejected", undefined],
  ])("and where %d refuses what is new, only that closes", async (status, reason, channels) => {
    const { server, clock, next, stream, heard, reasons, client } = await switching();
    next.answer(status, { channels });
    await clock.advance(0);
    expect(reasons).toEqual([reason]);
    stream.event(MENTION, { by: "2" }, "e.2");
    await clock.advance(30_000);
    stream.heartbeat("e.2");
    await clock.advance(30_000);
    expect(heard).toEqual(["2"]);
    expect(server.streams).toHaveLength(2);
    expect(client.status.value).toEqual({ state: "live" });
  });
});

describe("a gap of the stream is not told again by the next one", () => {
  test("which begins behind it", async () => {
    const { server, clock, stream, next, gaps } = await switching();
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    expect(next.aborted).toBe(true);
    await clock.advance(1_500);
    expect(server.streams).toHaveLength(2);
    stream.heartbeat("e.7");
    await clock.advance(1_000);
    expect(server.stream.after).toBe("e.7");
    server.stream.live("e.7");
    await clock.advance(0);
    expect(gaps).toEqual(["trimmed after e.1"]);
    expect(server.streams).toHaveLength(3);
  });

  test("also where what is new comes after the gap, and events of other channels after that", async () => {
    const { client, server, clock, gaps } = await live();
    client.subscribe(other, { onGap });
    await clock.advance(0);
    const second = server.stream.live("e.1");
    await clock.advance(0);
    second.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    client.subscribe(person(1), { onGap });
    second.event(`${other.path}:mention`, { by: "x" }, "e.4");
    await clock.advance(2_000);
    expect(server.streams).toHaveLength(2);
    second.heartbeat("e.7");
    await clock.advance(1_000);
    expect([server.stream.after, gaps]).toEqual(["e.7", ["trimmed after e.1"]]);
  });

  test.each([
    ["somebody looks at the page again", (kit: Awaited<ReturnType<typeof live>>) => kit.network.look()],
    ["the runtime says that the network has gone", (kit: Awaited<ReturnType<typeof live>>) => kit.network.set(false)],
  ])("also where %s, and the stream is doubted", async (_, doubt) => {
    const kit = await live();
    const { server, clock, stream, gaps } = kit;
    await clock.advance(12_000);
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    doubt(kit);
    await clock.advance(1_500);
    expect(server.streams).toHaveLength(1);
    stream.heartbeat("e.7");
    await clock.advance(1_000);
    server.stream.live("e.7");
    await clock.advance(0);
    expect([server.streams.length, server.stream.after, gaps]).toEqual([2, "e.7", ["trimmed after e.1"]]);
  });

  test("a stream that dies inside of it is shown as lost in time, and the next one begins at once", async () => {
    const { server, clock, stream, network, client } = await live();
    await clock.advance(12_000);
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    network.look();
    await clock.advance(2_600);
    expect(client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
    expect(server.streams).toHaveLength(2);
    server.stream.live("e.1");
    await clock.advance(0);
    expect(client.status.value).toEqual({ state: "live" });
  });

  test("nor where the stream ends inside of it while what is new waits: one request follows for all", async () => {
    const { client, server, clock, stream } = await live();
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    client.subscribe(other, { onGap });
    await clock.advance(1_500);
    stream.bye("max-age");
    await clock.advance(0);
    expect(server.streams.map(({ channels }) => channels)).toEqual([[inbox.path], [inbox.path, other.path]]);
    await clock.advance(3_000);
    expect(server.streams).toHaveLength(2);
    client.close();
    expect(clock.pending).toBe(0);
  });

  test("where the end of the gap is not told, what is new does not wait for ever", async () => {
    const { client, server, clock, stream } = await live();
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    client.subscribe(other, { onGap });
    await clock.advance(7_000);
    expect(server.streams).toHaveLength(2);
  });
});

test("after a failover of the stream the next one is asked for again", async () => {
  const { server, clock, stream, next, heard } = await switching();
  stream.event(MENTION, { by: "f" }, "f.2");
  await clock.advance(0);
  expect(next.aborted).toBe(true);
  await clock.advance(1_000);
  expect(server.stream.after).toBe("f.2");
  server.stream.live("f.2").event(MENTION, { by: "g" }, "f.3");
  await clock.advance(0);
  expect(heard).toEqual(["f", "g"]);
});

test("when the stream ends first, the next one goes on: a hub may end the older one of two", async () => {
  const { server, clock, stream, next, heard, late, client } = await switching();
  stream.bye("limit");
  await clock.advance(0);
  expect([next.aborted, client.status.value.state]).toEqual([false, "live"]);
  const successor = next.live("e.1");
  successor.event(MENTION, { by: "2" }, "e.2");
  successor.event(`${other.path}:mention`, { by: "x" }, "e.3");
  await clock.advance(0);
  expect([heard, late]).toEqual([["2"], ["x"]]);
  expect(server.streams).toHaveLength(2);
});

test.each([
  ["a bye", 'event: bye\ndata: {"reason":"limit"}\n\n'],
  ["a bye that forbids", `event: bye\ndata: {"reason":"forbidden","channels":["${other.path}"]}\n\n`],
  ["a bye without a reason", 'event: bye\ndata: {"reason":5}\n\n'],
  ["a gap", `event: gap\ndata: {"channels":{"${inbox.path}":"lost"}}\nid: f.1\n\n`],
  ["an event", `event: ${MENTION}\ndata: {"by":"x"}\nid: e.9\n\n`],
])("%s of the next stream before its hello says nothing, and how that one ends says why", async (_, text) => {
  const { clock, next, stream, heard, reasons, newcomer, subscription } = await switching();
  const body = next.open();
  body.push(text);
  await clock.advance(0);
  expect([newcomer.status.value, reasons]).toEqual([{ state: "connecting" }, []]);
  body.end();
  await clock.advance(0);
  expect(newcomer.status.value).toMatchObject({ state: "retrying", reason: "network" });
  stream.event(MENTION, { by: "2" }, "e.2");
  await clock.advance(0);
  expect([heard, subscription.status.value]).toEqual([["2"], { state: "live" }]);
});

test("when the position of the stream is void, both end, and one stream follows behind the gap", async () => {
  const kit = await switching();
  kit.stream.gap({ [inbox.path]: "lost" }, "f.3");
  await kit.clock.advance(0);
  expect(kit.next.aborted).toBe(true);
  await untilNext(kit);
  expect([kit.server.stream.after, kit.server.stream.channels]).toEqual(["f.3", [inbox.path, other.path]]);
});

test("without anything to follow, both end", async () => {
  const { client, server, clock, subscription, newcomer } = await switching();
  subscription.close();
  newcomer.close();
  await clock.advance(1_000);
  expect(server.streams.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(client.status.value).toEqual({ state: "idle" });
  expect(clock.pending).toBe(0);
});

test("what the stream has brought and a failover took gets its gap, although the next stream is open", async () => {
  const { server, clock, stream, next, heard, gaps } = await switching();
  stream.event(MENTION, { by: "lost" }, "e.5");
  await clock.advance(0);
  // The next stream has begun at e.1, which is in both epochs.
  next.live("e.1").event(`${other.path}:mention`, { by: "x" }, "f.9");
  await clock.advance(0);
  expect(server.page.after).toBe("e.5");
  server.page.page({ cursor: "f.9", gap: { channels: { [inbox.path]: "lost" } } });
  await clock.advance(0);
  expect([heard, gaps]).toEqual([["lost"], ["lost after e.5"]]);
});

describe("an event without an id comes once, also where both streams bring it", () => {
  const TYPING = `${lobby.path}:typing`;
  const MESSAGE = `${lobby.path}:message`;

  /** A room whose stream stands at e.1, and a request for the next one that is under way. */
  async function typing() {
    const kit = await joined();
    const typed = (who: string) => `typing ${who}`;
    kit.client.subscribe(other, { onGap });
    return { ...kit, typed, newcomer: other };
  }

  test("before the place where the first one stood", async () => {
    const { server, clock, stream, reports, typed } = await typing();
    await clock.advance(0);
    stream.event(TYPING, { author: "a" });
    stream.event(MESSAGE, { text: "2" }, "e.2");
    await clock.advance(0);
    const next = server.stream.live("e.1");
    next.event(TYPING, { author: "a" });
    next.event(MESSAGE, { text: "2" }, "e.2");
    next.event(TYPING, { author: "b" });
    await clock.advance(0);
    expect(reports.slice(1)).toEqual([typed("a"), "2 e.2", typed("b")]);
  });

  test("behind it, also where the first of them are too old to come again, or two are the same", async () => {
    const { server, clock, stream, reports, typed } = await typing();
    for (const author of ["old", "a", "b", "a"]) {
      stream.event(TYPING, { author });
      await clock.advance(author === "old" ? 6_000 : 0);
    }
    const next = server.stream.live("e.1");
    for (const author of ["b", "a", "c", "a"]) next.event(TYPING, { author });
    await clock.advance(0);
    expect(reports.slice(1)).toEqual(["old", "a", "b", "a", "c", "a"].map(typed));
  });

  test("a third stream brings it no more than the second", async () => {
    const { server, clock, stream, reports, typed, client } = await typing();
    await clock.advance(0);
    stream.event(TYPING, { author: "a" });
    await clock.advance(0);
    const second = server.stream.live("e.1");
    second.event(TYPING, { author: "a" });
    second.event(TYPING, { author: "b" });
    client.subscribe(person(1), { onGap });
    await clock.advance(0);
    const third = server.stream.live("e.1");
    for (const author of ["a", "b", "c"]) third.event(TYPING, { author });
    await clock.advance(0);
    expect(reports.slice(1)).toEqual(["a", "b", "c"].map(typed));
  });

  test("what is new hears all of it", async () => {
    const { server, clock, stream, client } = await live();
    const heard: string[] = [];
    client.subscribe(lobby, { snapshot: () => {}, typing: ({ author }) => heard.push(author) });
    await clock.advance(0);
    server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } });
    stream.event(MENTION, { by: "2" }, "e.2");
    await clock.advance(0);
    server.stream.live("e.1").event(TYPING, { author: "a" });
    await clock.advance(0);
    expect(heard).toEqual(["a"]);
  });

  test("also where a page has brought it, which has come further than the stream", async () => {
    const { server, clock, stream, client } = await joined();
    const heard: string[] = [];
    client.subscribe(lobby, { snapshot: () => {}, typing: ({ author }) => heard.push(author) });
    await clock.advance(0);
    const event = { channel: lobby.path, type: "typing", data: { author: "a" } };
    server.page.page({ cursor: "e.3", state: { [lobby.path]: { messages: [] } }, events: [event] });
    await clock.advance(0);
    stream.event(TYPING, { author: "a" });
    stream.heartbeat("e.3");
    stream.event(TYPING, { author: "b" });
    await clock.advance(0);
    expect(heard).toEqual(["a", "b"]);
  });

  test("however many there are, what is remembered has a bound", async () => {
    const { clock, stream, reports } = await typing();
    for (let index = 0; index < 5_000; index++) stream.event(TYPING, { author: `${index}` });
    await clock.advance(0);
    expect(reports).toHaveLength(5_001);
  });
});
