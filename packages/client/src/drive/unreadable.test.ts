import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createClient, type ClientOptions, type StreamError } from "../index.ts";
import { chat, createKit, lobby, other } from "../../test/client-kit.ts";
import { live, MENTION } from "../../test/stream-kit.ts";
import { joined, MESSAGE } from "../../test/subscription-kit.ts";

const message = z.object({ text: z.string() });
const loose = defineContract({
  room: channel(
    "rooms/:roomId",
    { message, topic: latest(message), typing: volatile(message) },
    { unreadable: "skip" },
  ),
});
const state = { [lobby.path]: { messages: ["a"] } };

/** A client of another contract, whose room has no state and goes on. */
function createLooseKit(options: Partial<ClientOptions> = {}) {
  const { server, clock, network } = createKit();
  const errors: StreamError[] = [];
  const onError = (error: StreamError) => errors.push(error);
  const client = createClient(loose, { url: "/events", fetch: server.fetch, clock, network, onError, ...options });
  return { server, clock, client, errors };
}

describe("a reliable event that does not fit", () => {
  test("is told to the subscription with its field, type and id, leaves a gap, and the status says so", async () => {
    const kit = await live();
    const own: StreamError[] = [];
    const subscription = kit.client.subscribe(other, { onGap: () => {}, onError: (error) => own.push(error) });
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    stream.event(`${other.path}:mention`, { by: 5 }, "e.2");
    await kit.clock.advance(0);
    expect(own).toMatchObject([{ code: "invalid-data" }]);
    for (const part of ["inbox.mention.by", other.path, "e.2"]) expect(own[0]?.message).toContain(part);
    const degraded = { since: kit.clock.now(), cause: own[0] };
    expect(subscription.status.value).toEqual({ state: "live", degraded });
    expect(kit.client.status.value).toEqual({ state: "live", degraded });
    expect(kit.subscription.status.value).toEqual({ state: "live" });
    expect(kit.errors).toEqual([]);
  });

  test("leaves a gap before what is newer, and the cursor goes on", async () => {
    const kit = await live();
    kit.stream.event(MENTION, { by: "1" }, "e.2");
    kit.stream.event(MENTION, { by: 2 }, "e.3");
    kit.stream.event(MENTION, { by: "3" }, "e.4");
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["1", "3"]);
    expect(kit.gaps).toEqual(["unreadable after e.2"]);
  });

  test("loads the state again, which heals", async () => {
    const kit = await joined();
    kit.stream.event(MESSAGE, { text: 5 }, "e.2");
    await kit.clock.advance(1_000);
    expect(kit.server.page.channels).toEqual([`${lobby.path}@now`]);
    // The state brings the last events once more. What is known to be unreadable is not told again.
    const again = { channel: lobby.path, type: "message", data: { text: 5 }, id: "e.2" };
    kit.server.page.page({ cursor: "e.2", state, events: [again] });
    await kit.clock.advance(0);
    expect(kit.reports).toEqual(["state a", "gap unreadable after e.1", "state a"]);
    expect(kit.errors).toMatchObject([{ code: "invalid-data" }]);
    expect(kit.subscription.status.value).toEqual({ state: "live" });
    expect(kit.client.status.value).toEqual({ state: "live" });
  });

  test("many of them load the state twice a minute at most, and end nothing", async () => {
    const kit = await joined();
    kit.server.onRequest = (request) => request.page({ cursor: "e.2", state });
    for (let seq = 2; seq < 42; seq++) {
      kit.stream.event(MESSAGE, { text: 5 }, `e.${seq}`);
      kit.server.onRequest = (request) => request.page({ cursor: `e.${seq}`, state });
      await kit.clock.advance(1_000);
    }
    expect(kit.server.pages.length).toBeLessThanOrEqual(3);
    expect(kit.reports.filter((report) => report.startsWith("gap")).length).toBeGreaterThan(30);
    kit.stream.event(MESSAGE, { text: "fits" }, "e.90");
    await kit.clock.advance(0);
    expect(kit.reports.at(-1)).toBe("fits e.90");
    expect(kit.subscription.status.value).toMatchObject({
      state: "live",
      degraded: { since: expect.any(Number) as number },
    });
  });

  test("is taken by onUnreadable as it came: then nothing is missing", async () => {
    const kit = await live();
    const taken: unknown[] = [];
    const subscription = kit.client.subscribe(other, {
      onGap: () => taken.push("gap"),
      onUnreadable: (data, { code }) => taken.push(data, code),
    });
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    stream.event(`${other.path}:mention`, { by: 5 }, "e.2");
    await kit.clock.advance(0);
    expect(taken).toEqual([{ channel: other.path, type: "mention", id: "e.2", data: { by: 5 } }, "invalid-data"]);
    expect(subscription.status.value).toEqual({ state: "live" });
  });

  test("ends a loop without onGap, and is a gap of one that has it", async () => {
    const kit = await live();
    const gaps: string[] = [];
    const loops = [kit.client.events(other), kit.client.events(other, { onGap: ({ reason }) => gaps.push(reason) })];
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    stream.event(`${other.path}:mention`, { by: 5 }, "e.2");
    stream.event(`${other.path}:mention`, { by: "6" }, "e.3");
    const [first, second] = loops.map((loop) => loop.next());
    await expect(first).rejects.toMatchObject({ code: "gap" });
    await expect(second).resolves.toMatchObject({ value: { id: "e.3" } });
    expect(gaps).toEqual(["unreadable"]);
    expect(kit.errors).toMatchObject([{ code: "invalid-data" }, { code: "invalid-data" }]);
  });

  test("is passed over where the contract says skip, and so are values and volatile events", async () => {
    const { client, server, clock, errors } = createLooseKit();
    const heard: string[] = [];
    const room = loose.room({ roomId: "lobby" });
    const subscription = client.subscribe(room, {
      message: ({ text }) => heard.push(text),
      onGap: ({ reason }) => heard.push(reason),
    });
    await clock.advance(0);
    const stream = server.stream.live("e.1");
    server.page.page({ cursor: "e.1", events: [{ channel: room.path, type: "topic", data: 7 }] });
    await clock.advance(0);
    stream.event(`${room.path}:message`, { text: 5 }, "e.2");
    stream.event(`${room.path}:typing`, { text: 5 });
    stream.event(`${room.path}:message`, { text: "6" }, "e.3");
    await clock.advance(0);
    expect(heard).toEqual(["6"]);
    expect(errors.map(({ message: text }) => /room\.(\w+)/.exec(text)?.[1])).toEqual(["topic", "message", "typing"]);
    expect(subscription.status.value).toMatchObject({ state: "live", degraded: { cause: errors.at(-1) } });
  });

  test("is named by a page of history", async () => {
    const kit = createKit();
    const page = kit.client.history(other);
    await kit.clock.advance(0);
    const event = { channel: other.path, type: "mention", data: { by: 5 }, id: "e.2" };
    kit.server.page.page({ cursor: "e.2", events: [event] });
    expect(await page).toEqual({ events: [], end: null, cursor: "e.2", more: false, unreadable: [event] });
    expect(kit.errors).toMatchObject([{ code: "invalid-data" }]);
  });
});

test("a state that does not fit does not leave a subscription without a word", async () => {
  const kit = createKit();
  const taken: unknown[] = [];
  const plain = kit.client.subscribe(lobby, { snapshot: () => taken.push("state") });
  const raw = kit.client.subscribe(lobby, {
    snapshot: () => taken.push("state"),
    onUnreadable: (data) => taken.push(data),
  });
  await kit.clock.advance(0);
  kit.server.stream.live("e.1");
  kit.server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: 5 } } });
  await kit.clock.advance(0);
  expect(taken).toEqual([{ channel: lobby.path, type: null, id: null, data: { messages: 5 } }]);
  expect(kit.errors).toMatchObject([
    { code: "invalid-data", message: expect.stringContaining("room's snapshot.messages") as string },
  ]);
  expect(plain.status.value).toMatchObject({ state: "live", degraded: { cause: kit.errors[0] } });
  expect(raw.status.value).toEqual({ state: "live" });
});

describe("what is too large", () => {
  test("on the stream is a gap of its channel; the others go on, on the same stream", async () => {
    const kit = await live({ maxEventBytes: 1_000 });
    const heard: string[] = [];
    kit.client.subscribe(other, { mention: ({ by }) => heard.push(by), onGap: () => {} });
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    stream.event(MENTION, { by: "x".repeat(2_000) }, "e.2");
    stream.event(`${other.path}:mention`, { by: "3" }, "e.3");
    stream.event(MENTION, { by: "4" }, "e.4");
    await kit.clock.advance(0);
    expect(kit.gaps).toEqual(["too-large after e.1"]);
    expect([kit.heard, heard]).toEqual([["4"], ["3"]]);
    expect(kit.errors).toMatchObject([{ code: "event-too-large" }]);
    expect(kit.server.streams).toHaveLength(2);
    stream.end();
    await kit.clock.advance(5_000);
    expect(kit.server.stream.after).toBe("e.4");
  });

  test.each([
    [200, "text/html"],
    [503, "text/html"],
    [503, "application/problem+json"],
  ])("is not an answer %d with %s, however long it is: that is an outage", async (status, type) => {
    const kit = createKit();
    const gaps: unknown[] = [];
    kit.server.onRequest = (request) => request.flood(status, type);
    kit.client.subscribe(other, { onGap: (gap) => gaps.push(gap) }, { after: "e.1" });
    for (let turn = 0; turn < 5; turn++) await kit.clock.advance(100);
    expect(gaps).toEqual([]);
    expect(kit.client.status.value).toMatchObject({ state: "retrying" });
    expect(kit.errors[0]?.code).toBe("bad-response");
  });

  test("is not what a codec, or a fetch, throws as a RangeError: that is an error like any other", async () => {
    const broken = z.codec(z.string(), z.any(), { decode: (text) => new Intl.NumberFormat(text), encode: String });
    const own = defineContract({ room: channel("rooms/:roomId", { message: broken }) });
    const { server, clock } = createKit();
    const failures: unknown[] = [];
    const fetch: ClientOptions["fetch"] = async (url, init) => {
      if (server.requests.length < 2) return server.fetch(url, init);
      throw new RangeError("out of range");
    };
    const onError = (error: StreamError) => failures.push(error.code);
    const client = createClient(own, { url: "/events", fetch, clock, onError });
    const room = own.room({ roomId: "a" });
    client.subscribe(room, { onGap: ({ reason }) => failures.push(reason) });
    await clock.advance(0);
    server.stream.live("e.1").event(`${room.path}:message`, "no locale", "e.2");
    await clock.advance(0);
    expect(failures).toEqual(["invalid-data", "unreadable"]);
    client.subscribe(own.room({ roomId: "b" }), { onGap: ({ reason }) => failures.push(reason) }, { after: "e.1" });
    server.requests.push(...server.requests);
    await clock.advance(0);
    expect(failures.slice(2)).toEqual(["network"]);
  });

  test("on a page is a gap of the channel that goes on from there; the others go on", async () => {
    const kit = createKit();
    const heard: string[] = [];
    const rooms = ["a", "b", "c", "d"].map((userId) => chat.inbox({ userId }));
    for (const address of rooms) {
      const handlers = {
        mention: ({ by }: { by: string }) => heard.push(by),
        onGap: ({ reason, after }: { reason: string; after: string | null }) => heard.push(`${reason} after ${after}`),
      };
      kit.client.subscribe(address, handlers, { after: "e.1" });
    }
    const isTooLarge = (path: string) => path === rooms[2]?.path;
    const event = (path: string) => ({ channel: path, type: "mention", data: { by: path }, id: "e.2" });
    kit.server.onRequest = (request) => {
      if (request.isStream) request.live("e.2");
      else if (request.channels.some(isTooLarge)) request.flood();
      else request.page({ cursor: "e.2", events: request.channels.map(event) });
    };
    for (let turn = 0; turn < 5; turn++) await kit.clock.advance(0);
    expect(heard.toSorted()).toEqual(["too-large after e.1", "users/a/inbox", "users/b/inbox", "users/d/inbox"]);
    await kit.clock.advance(1_000);
    expect(kit.server.page.channels).toEqual(["users/c/inbox@now"]);
    expect(kit.server.pages.length).toBeLessThan(10);
  });
});
