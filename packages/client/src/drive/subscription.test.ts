import { describe, expect, test } from "vitest";
import { createKit, inbox, lobby, other, watch, type ClientKit } from "../../test/client-kit.ts";
import { follow } from "../../test/stream-kit.ts";
import type { ClientSubscription } from "../index.ts";
import { catchingUp, joined, mention, MENTION, MESSAGE, record } from "../../test/subscription-kit.ts";

describe("a beginning", () => {
  test("is the snapshot, then the current values, then the events", async () => {
    const kit = createKit();
    const { reports, subscription } = record(kit);
    const seen = watch(subscription.status);
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.4");
    stream.event(MESSAGE, { text: "five" }, "e.5");
    await kit.clock.advance(0);
    expect(kit.server.page.channels).toEqual([`${lobby.path}@now`]);
    expect(kit.server.page.url.searchParams.has("snapshot")).toBe(true);
    const topic = { channel: lobby.path, type: "topic", data: { text: "tea" } };
    kit.server.page.page({ cursor: "e.4", state: { [lobby.path]: { messages: ["a", "b"] } }, events: [topic] });
    await kit.clock.advance(0);
    expect(reports).toEqual(["state a,b", "topic tea null"]);
    // The stream had carried an event past it, so it asks for what came after the snapshot.
    expect(kit.server.page.after).toBe("e.4");
    kit.server.page.page({
      cursor: "e.5",
      events: [{ channel: lobby.path, type: "message", data: { text: "five" }, id: "e.5" }],
    });
    await kit.clock.advance(0);
    stream.event(MESSAGE, { text: "six" }, "e.6");
    stream.event(`${lobby.path}:typing`, { author: "ada" });
    await kit.clock.advance(0);
    expect(reports.slice(2)).toEqual(["five e.5", "six e.6", "typing ada"]);
    expect(seen).toEqual(["connecting", "live"]);
  });

  test("with `after` goes on from a page of history without a hole or a repetition", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    expect(server.page.after).toBe("e.1");
    expect(server.page.url.searchParams.has("snapshot")).toBe(false);
    server.page.page({ cursor: "e.3", more: true, events: [mention(2), mention(3)] });
    await clock.advance(0);
    server.page.page({ cursor: "e.6", events: [mention(4), mention(6)] });
    await clock.advance(0);
    stream.event(MENTION, { by: "6" }, "e.6");
    stream.event(MENTION, { by: "7" }, "e.7");
    await clock.advance(0);
    expect(reports).toEqual(["2", "3", "4", "6", "7"]);
    expect(server.pages).toHaveLength(2);
  });

  test("with an `after` that is no cursor is a mistake that is told at once", () => {
    expect(() => createKit().client.subscribe(inbox, { onGap: () => {} }, { after: "yesterday" })).toThrow(
      'Expected "after" to be a cursor',
    );
  });

  test("with a state that does not fit goes to onError, and the events are handled", async () => {
    const kit = createKit();
    const { reports } = record(kit);
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    kit.server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: 5 } } });
    await kit.clock.advance(0);
    stream.event(MESSAGE, { text: "x" }, "e.2");
    await kit.clock.advance(0);
    expect(reports).toEqual(["x e.2"]);
    expect(kit.errors).toMatchObject([
      { code: "invalid-data", message: expect.stringContaining("room's snapshot") as string },
    ]);
  });

  test("on a stream that does not say where it begins is with the first event, and is live from then on", async () => {
    const { heard: reports, subscription, server, clock } = await follow();
    const stream = server.stream.live(null);
    await clock.advance(0);
    expect(subscription.status.value).toEqual({ state: "connecting" });
    stream.event(MENTION, { by: "2" }, "e.2");
    await clock.advance(0);
    expect(subscription.status.value).toEqual({ state: "live" });
    stream.event(MENTION, { by: "3" }, "e.3");
    await clock.advance(0);
    expect(reports).toEqual(["2", "3"]);
    expect(server.pages).toHaveLength(0);
  });

  test("on a channel that is followed already costs no new connection, and has no hole", async () => {
    const { client, server, clock, stream } = await joined();
    const late: string[] = [];
    let second = false;
    client.subscribe(lobby, {
      snapshot: () => {},
      message: () => {
        if (second) return;
        second = true;
        record({ client } as ClientKit);
        client.subscribe(lobby, {
          snapshot: ({ messages }) => late.push(`state ${messages.join()}`),
          message: ({ text }) => late.push(text),
        });
      },
    });
    await clock.advance(0);
    server.page.page({ cursor: "e.1" });
    await clock.advance(0);
    stream.event(MESSAGE, { text: "two" }, "e.2");
    await clock.advance(0);
    // A copy of the log that does not have the event yet, which was carried past the newcomer.
    server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: ["a"] } } });
    await clock.advance(0);
    server.page.page({
      cursor: "e.2",
      events: [{ channel: lobby.path, type: "message", data: { text: "two" }, id: "e.2" }],
    });
    await clock.advance(0);
    expect(late).toEqual(["state a", "two"]);
    expect(server.streams).toHaveLength(1);
  });
});

test("what the stream brings while nobody follows a path is not lost for who comes back to it", async () => {
  const kit = createKit();
  const first = kit.client.subscribe(inbox, { onGap: () => {} });
  kit.client.subscribe(other, { onGap: () => {} });
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.1");
  await kit.clock.advance(0);
  first.close();
  // The path stays on the stream for a second.
  stream.event(MENTION, { by: "2" }, "e.2");
  await kit.clock.advance(0);
  const heard: string[] = [];
  const status = kit.client.subscribe(
    inbox,
    { onGap: () => {}, mention: ({ by }) => heard.push(by) },
    { after: "e.1" },
  ).status;
  await kit.clock.advance(0);
  // A copy of the log that lags.
  kit.server.page.page({ cursor: "e.1" });
  await kit.clock.advance(0);
  expect(status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
  await kit.clock.advance(4_000);
  kit.server.page.page({ cursor: "e.2", events: [mention(2)] });
  await kit.clock.advance(0);
  stream.event(MENTION, { by: "3" }, "e.3");
  await kit.clock.advance(0);
  expect(heard).toEqual(["2", "3"]);
});

test("a gap that closes a subscription is told before its status changes", async () => {
  const kit = createKit();
  const reports: string[] = [];
  const subscription: ClientSubscription = kit.client.subscribe(inbox, {
    onGap: () => reports.push(`gap, ${subscription.status.value.state}`),
    onClose: (reason) => reports.push(`closed ${reason}`),
  });
  subscription.status.subscribe(({ state }) => state === "closed" && subscription.close());
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.1");
  for (let count = 0; count < 3; count++) {
    stream.gap({ [inbox.path]: "trimmed" });
    stream.event(MENTION, { by: "x" }, `e.${count + 5}`);
  }
  await kit.clock.advance(0);
  expect(reports).toEqual(["gap, live", "gap, live", "gap, live", "closed gap-loop"]);
});

test("what the server has asked to wait for is waited for, also when the connection comes back", async () => {
  const kit = createKit();
  kit.server.onRequest = (request) => {
    if (!request.isStream) request.answer(503, {}, { "retry-after": "3600" });
  };
  kit.client.subscribe(lobby, { snapshot: () => {} });
  await kit.clock.advance(0);
  let stream = kit.server.stream.live("e.1");
  await kit.clock.advance(1_000);
  const pages = kit.server.pages.length;
  for (let count = 0; count < 10; count++) {
    stream.end();
    await kit.clock.advance(14_000);
    stream = kit.server.stream.live("e.1");
    await kit.clock.advance(1_000);
  }
  expect(kit.server.pages).toHaveLength(pages);
});

test("events of other channels do not make a newcomer load another page", async () => {
  const kit = createKit();
  kit.client.subscribe(inbox, { onGap: () => {} });
  kit.client.subscribe(lobby, { snapshot: () => {} });
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.1");
  await kit.clock.advance(0);
  stream.event(MENTION, { by: "a" }, "e.5");
  await kit.clock.advance(0);
  kit.server.page.page({ cursor: "e.3", state: { [lobby.path]: { messages: [] } } });
  await kit.clock.advance(0);
  expect(kit.server.pages).toHaveLength(1);
});

test("an event without a position does not begin a subscription", async () => {
  const kit = createKit();
  const heard: string[] = [];
  kit.client.subscribe(inbox, { onGap: () => {}, mention: ({ by }) => heard.push(by) });
  await kit.clock.advance(0);
  kit.server.stream.live(null).event(MENTION, { by: "somebody" });
  await kit.clock.advance(0);
  expect(heard).toEqual([]);
});
