import { afterEach, describe, expect, test, vi } from "vitest";
import { fingerprint } from "@tidings/contract";
import { chat, createKit, inbox, lobby, other, watch } from "../test/client-kit.ts";

afterEach(() => vi.unstubAllGlobals());

const onGap = () => {};
const MENTION = `${inbox.path}:mention`;

describe("one connection for all subscriptions", () => {
  test("many that begin in one tick share one stream and one page", async () => {
    const { client, server, clock } = createKit();
    const rooms = ["a", "b", "c"].map((roomId) => chat.room({ roomId }));
    for (const room of rooms) client.subscribe(room, { snapshot: () => {} });
    await clock.advance(0);
    expect(server.requests).toHaveLength(2);
    expect(server.stream.channels).toEqual(["rooms/a", "rooms/b", "rooms/c"]);
    expect(server.page.channels).toEqual(["rooms/a@now", "rooms/b@now", "rooms/c@now"]);
  });

  test("several that come and go in one tick share one reconnection, from where the stream stood", async () => {
    const { client, server, clock } = createKit();
    const first = client.subscribe(inbox, { onGap });
    await clock.advance(0);
    server.stream.live("e.7");
    await clock.advance(0);
    const seen = watch(client.status);
    client.subscribe(other, { onGap });
    client.subscribe(chat.inbox({ userId: "cyd" }), { onGap });
    first.close();
    await clock.advance(0);
    expect(server.streams).toHaveLength(2);
    expect(server.stream.channels).toEqual([other.path, "users/cyd/inbox"]);
    server.stream.live("e.9");
    await clock.advance(2_000);
    expect(server.streams).toHaveLength(2);
    expect(seen).toEqual(["live"]);
  });

  test("a new one costs no event of the others", async () => {
    const { client, server, clock } = createKit();
    const heard: string[] = [];
    client.subscribe(inbox, { mention: ({ by }) => heard.push(by), onGap });
    await clock.advance(0);
    server.stream.live("e.1").event(MENTION, { by: "2" }, "e.2");
    await clock.advance(0);
    client.subscribe(other, { onGap });
    await clock.advance(0);
    expect(server.stream.after).toBe("e.2");
    const stream = server.stream.live("e.2");
    stream.event(MENTION, { by: "3" }, "e.3");
    await clock.advance(0);
    expect(heard).toEqual(["2", "3"]);
  });

  test("a new one while the stream is being opened, or waits to be, is asked for with the others later", async () => {
    const { client, server, clock } = createKit();
    client.subscribe(inbox, { onGap });
    await clock.advance(0);
    const heard: string[] = [];
    client.subscribe(other, { mention: ({ by }) => heard.push(by), onGap });
    await clock.advance(0);
    expect(server.streams.map(({ aborted }) => aborted)).toEqual([false]);
    server.stream.fail();
    await clock.advance(100);
    client.subscribe(chat.inbox({ userId: "cyd" }), { onGap });
    await clock.advance(3_000);
    expect(server.streams).toHaveLength(2);
    expect(server.stream.channels).toHaveLength(3);
    server.stream.live("e.1").event(`${other.path}:mention`, { by: "x" }, "e.2");
    await clock.advance(0);
    expect(heard).toEqual(["x"]);
  });

  test("a channel that is left and taken up again within a second stays on the stream, without a hole", async () => {
    const { client, server, clock } = createKit();
    const heard: string[] = [];
    const follow = () => client.subscribe(inbox, { mention: ({ by }) => heard.push(by), onGap });
    const first = follow();
    await clock.advance(0);
    const stream = server.stream.live("e.1");
    await clock.advance(0);
    first.close();
    await clock.advance(900);
    follow();
    stream.event(MENTION, { by: "2" }, "e.2");
    await clock.advance(5_000);
    expect(heard).toEqual(["2"]);
    expect(server.streams).toHaveLength(1);
  });

  test("nobody left is no connection, and a later subscription begins now", async () => {
    const { client, server, clock } = createKit();
    const first = client.subscribe(inbox, { onGap });
    await clock.advance(0);
    server.stream.live("e.1");
    await clock.advance(0);
    first.close();
    await clock.advance(1_000);
    expect(server.stream.aborted).toBe(true);
    expect(client.status.value).toEqual({ state: "idle" });
    expect(clock.pending).toBe(0);
    client.subscribe(inbox, { onGap });
    await clock.advance(0);
    expect(server.streams).toHaveLength(2);
    expect(server.stream.after).toBeNull();
  });

  test("those that the server refuses leave it, the others stay, and nothing is asked for again", async () => {
    const { client, server, clock } = createKit();
    const closed: string[] = [];
    const refused = client.subscribe(inbox, { onGap, onClose: (reason) => closed.push(reason) });
    const unknown = client.subscribe(chat.inbox({ userId: "cyd" }), { onGap });
    client.subscribe(other, { onGap });
    await clock.advance(0);
    const stream = server.stream.live("e.1");
    stream.bye("forbidden", [inbox.path]);
    stream.bye("unknown", ["users/cyd/inbox"]);
    await clock.advance(0);
    expect(closed).toEqual(["forbidden"]);
    expect(refused.status.value).toMatchObject({ state: "closed", reason: "forbidden" });
    expect(unknown.status.value).toMatchObject({ state: "retrying", reason: "unknown", at: clock.now() + 60_000 });
    await clock.advance(30_000);
    stream.heartbeat("e.1");
    await clock.advance(29_000);
    expect(server.streams).toHaveLength(1);
    await clock.advance(1_000);
    expect(server.stream.channels).toEqual(["users/cyd/inbox", other.path]);
  });

  test("one that was unknown for a while gets what it missed", async () => {
    const { client, server, clock } = createKit();
    const heard: string[] = [];
    client.subscribe(inbox, { mention: ({ by }) => heard.push(by), onGap });
    client.subscribe(other, { onGap });
    await clock.advance(0);
    const stream = server.stream.live("e.1");
    stream.event(MENTION, { by: "2" }, "e.2");
    stream.bye("unknown", [inbox.path]);
    await clock.advance(30_000);
    stream.heartbeat("e.8");
    await clock.advance(30_000);
    server.stream.live("e.8");
    await clock.advance(0);
    expect(server.page.after).toBe("e.2");
    server.page.page({
      cursor: "e.8",
      events: [{ channel: inbox.path, type: "mention", data: { by: "5" }, id: "e.5" }],
    });
    await clock.advance(0);
    expect(heard).toEqual(["2", "5"]);
  });

  test("403 and 404 that name channels end or leave out these, and the client lives on", async () => {
    const { client, server, clock } = createKit();
    const closed: string[] = [];
    client.subscribe(inbox, { onGap, onClose: (reason) => closed.push(reason) });
    client.subscribe(other, { onGap, onClose: (reason) => closed.push(reason) });
    await clock.advance(0);
    server.stream.answer(403, { code: "forbidden", channels: [inbox.path] });
    await clock.advance(0);
    expect(closed).toEqual(["forbidden"]);
    expect(server.stream.channels).toEqual([other.path]);
    server.stream.answer(404, { code: "unknown-channel", channels: [other.path] });
    await clock.advance(60_000);
    expect(server.streams).toHaveLength(3);
    expect(client.status.value.state).not.toBe("closed");
  });
});

describe("a server with another contract", () => {
  const meet = async (contract: string) => {
    const kit = createKit();
    kit.client.subscribe(inbox, { onGap });
    await kit.clock.advance(0);
    for (let attempt = 0; attempt < 2; attempt++) {
      kit.server.stream.live("e.1", { contract }).end();
      await kit.clock.advance(10_000);
    }
    expect(kit.errors).toMatchObject([{ code: "network" }]);
    return kit.trace;
  };

  test("is one warning of one line, also without debug", async () => {
    const trace = await meet("00000000");
    expect(trace).toMatchObject([
      { level: "warn", event: "contract", detail: expect.not.stringContaining("\n") as string },
    ]);
  });

  test("of the same shape is no other", async () => {
    expect(await meet(fingerprint(chat))).toEqual([]);
  });

  test("is a value that a page can watch: a deployment replaces the server", async () => {
    const { client, server, clock } = createKit();
    expect(client.contract.value).toEqual({ state: "unknown", fingerprint: null });
    const seen: unknown[] = [];
    client.contract.subscribe((value) => seen.push(value));
    client.subscribe(inbox, { onGap });
    await clock.advance(0);
    for (const contract of [fingerprint(chat), fingerprint(chat), "00000000", fingerprint(chat)]) {
      server.stream.live("e.1", { contract }).bye("draining");
      await clock.advance(10_000);
    }
    expect(seen).toEqual([
      { state: "same", fingerprint: fingerprint(chat) },
      { state: "other", fingerprint: "00000000" },
      { state: "same", fingerprint: fingerprint(chat) },
    ]);
  });
});

test("debug traces the way of an event, without data, urls or headers", async () => {
  const { client, server, clock, trace } = createKit({ debug: true, headers: { authorization: "secret" } });
  client.subscribe(inbox, { onGap });
  await clock.advance(0);
  const stream = server.stream.live("e.1");
  stream.event(MENTION, { by: "bob" }, "e.2");
  stream.bye("draining");
  await clock.advance(0);
  const about = { level: "debug", at: clock.now(), channel: inbox.path };
  expect(trace).toEqual([
    { level: "debug", event: "connect", at: clock.now(), detail: "1 channels" },
    { ...about, event: "event", type: "mention", id: "e.2" },
    { ...about, event: "handled", type: "mention", id: "e.2" },
    { level: "debug", event: "end", at: clock.now(), detail: "draining" },
  ]);
});

test("the contract's codecs decode data; with validate: false it stays the unchecked JSON", async () => {
  const seen = async (validate: boolean) => {
    const { client, server, clock, errors } = createKit({ validate });
    const heard: unknown[] = [];
    client.subscribe(inbox, { visit: ({ at }) => heard.push(at), onGap });
    await clock.advance(0);
    const stream = server.stream.live("e.1");
    stream.event(`${inbox.path}:visit`, { at: "2024-02-29T12:00:00.000Z" }, "e.2");
    stream.event(`${inbox.path}:visit`, { at: "soon" }, "e.3");
    await clock.advance(0);
    return { heard, errors: errors.length };
  };
  expect(await seen(true)).toEqual({ heard: [new Date("2024-02-29T12:00:00.000Z")], errors: 1 });
  expect(await seen(false)).toEqual({ heard: ["2024-02-29T12:00:00.000Z", "soon"], errors: 0 });
});

test.each([
  ["a channel", chat.room, "function"],
  ["a path", "rooms/lobby", "string"],
  ["nothing", undefined, "undefined"],
  ["null", null, "object"],
  ["a path that is none", { name: "room", path: 5 }, "object"],
])("%s instead of an address is a mistake that is told at once", async (_, given, got) => {
  const { client } = createKit();
  const address = given as unknown as typeof lobby;
  const message = `Expected an address, got ${got}; call channels with params.`;
  expect(() => client.subscribe(address, { snapshot: () => {} })).toThrow(message);
  expect(() => client.events(address)).toThrow(message);
  await expect(client.history(address)).rejects.toThrow(message);
  expect(client.status.value).toEqual({ state: "idle" });
});

test("an address of another contract is a mistake that is told at once", () => {
  const address = { ...inbox, name: "toString" } as unknown as typeof inbox;
  expect(() => createKit().client.subscribe(address, { onGap })).toThrow(
    'Expected an address of this contract (room, inbox), got "toString".',
  );
});

test("a closed client leaves no timer, no listener and no request behind", async () => {
  const { client, server, clock, network } = createKit();
  const events = client.events(other);
  client.subscribe(lobby, { snapshot: () => {} });
  await clock.advance(0);
  server.stream.live("e.1").bye("unknown", [other.path]);
  await clock.advance(0);
  client.close();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
  expect(network.listeners).toBe(0);
  expect(server.requests.every(({ aborted }) => aborted)).toBe(true);
  expect(await events.next()).toEqual({ done: true, value: "closed" });
});
