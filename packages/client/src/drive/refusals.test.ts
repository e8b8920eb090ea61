import { describe, expect, test } from "vitest";
import { chat, createKit, inbox, lobby, other, watch } from "../../test/client-kit.ts";
import { live, MENTION } from "../../test/stream-kit.ts";

test.each([
  ["by a page", () => lobby],
  ["by the stream", () => inbox],
])("a path that is refused %s backs off for every subscription", async (_, address) => {
  const { path } = address();
  const kit = createKit();
  kit.server.onRequest = (request) => queueMicrotask(() => request.answer(403, { channels: [path] }));
  let count = 0;
  const again = () => {
    count++;
    const handlers = { snapshot: () => {}, onGap: () => {}, onClose: again };
    kit.client.subscribe(address() as typeof lobby, handlers);
  };
  again();
  await kit.clock.advance(60_000);
  // After 0, 3, 7, 15, 31 seconds and so on, with jitter; a page and a stream each time.
  expect(kit.server.requests.length).toBeLessThanOrEqual(20);
  expect(count).toBeLessThanOrEqual(10);
  expect(kit.client.status.value.state).not.toBe("closed");
});

test("whoever may read it now gets it when the pause is over, or at once after reconnect", async () => {
  const { server, clock, client, stream } = await live();
  const first = client.subscribe(lobby, { snapshot: () => {} });
  await clock.advance(0);
  server.page.answer(403, { channels: [lobby.path] });
  await clock.advance(0);
  expect(first.status.value).toMatchObject({ state: "closed", reason: "forbidden" });
  const states: unknown[] = [];
  const second = client.subscribe(lobby, { snapshot: (state) => states.push(state) });
  expect(second.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
  const pages = server.pages.length;
  await clock.advance(500);
  stream.heartbeat("e.1");
  expect(server.pages).toHaveLength(pages);
  client.reconnect();
  await clock.advance(0);
  expect(server.pages).toHaveLength(pages + 1);
  server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } });
  await clock.advance(0);
  expect(states).toEqual([{ messages: [] }]);
});

test("whoever follows a refused path again after reconnect gets its events, also when the pause is over", async () => {
  const { server, clock, client, stream } = await live();
  stream.bye("forbidden", [inbox.path]);
  await clock.advance(0);
  client.reconnect();
  const heard: string[] = [];
  const again = client.subscribe(inbox, { mention: ({ by }) => heard.push(by), onGap: () => {} });
  await clock.advance(0);
  const next = server.stream.live("e.1");
  await clock.advance(10_000);
  next.event(MENTION, { by: "1" }, "e.2");
  next.end();
  await clock.advance(0);
  expect([again.status.value.state, heard]).toEqual(["retrying", ["1"]]);
  const { at } = again.status.value as { at: number };
  await clock.advance(at - clock.now());
  expect(server.stream.after).toBe("e.2");
});

test.each([
  ["by a page", () => lobby],
  ["by the stream", () => inbox],
])("who waits for a path that was refused %s says so, also where nothing else is followed", async (_, address) => {
  const { path } = address();
  const kit = createKit();
  kit.server.onRequest = (request) => request.answer(403, { channels: [path] });
  const follow = () => kit.client.subscribe(address() as typeof lobby, { snapshot: () => {}, onGap: () => {} });
  const first = follow();
  await kit.clock.advance(0);
  expect(first.status.value).toMatchObject({ state: "closed", reason: "forbidden" });
  expect(kit.client.status.value).toMatchObject({ state: "idle", ended: { reason: "forbidden" } });
  const second = follow();
  for (let look = 0; look < 2; look++) {
    expect(second.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
    expect(kit.client.status.value).toBe(second.status.value);
    await kit.clock.advance(1_000);
  }
  const { at } = second.status.value as { at: number };
  const requests = kit.server.requests.length;
  await kit.clock.advance(at - kit.clock.now());
  expect(kit.server.requests.length).toBeGreaterThan(requests);
});

test("who waits for a refused path says so also while a stream for another one connects", async () => {
  const { client, clock, server } = createKit();
  server.onRequest = (request) => {
    if (request.channels.some((each) => each.startsWith(inbox.path))) request.answer(403, { channels: [inbox.path] });
  };
  client.subscribe(inbox, { onGap: () => {} });
  await clock.advance(0);
  const { status } = client.subscribe(inbox, { onGap: () => {} });
  const seen = watch(status);
  client.subscribe(other, { onGap: () => {} });
  await clock.advance(100);
  server.stream.live("e.1");
  await clock.advance(100);
  expect(server.stream.channels).toEqual([other.path]);
  expect(seen).toEqual(["retrying: unavailable"]);
});

test("a client that closes leaves no timer of a refusal behind", async () => {
  const { client, clock, server } = await live();
  server.onRequest = (request) => {
    if (request.isStream) return;
    queueMicrotask(() => request.answer(403, { channels: request.channels.map((each) => each.split("@")[0]) }));
  };
  for (let index = 0; index < 50; index++) {
    client.subscribe(chat.room({ roomId: String(index) }), { snapshot: () => {} });
  }
  await clock.advance(1_000);
  client.close();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

test("a clock that is set back makes no pause longer than a minute", async () => {
  const { server, clock, client } = await live();
  client.subscribe(lobby, { snapshot: () => {} });
  await clock.advance(0);
  server.page.answer(403, { channels: [lobby.path] });
  await clock.advance(0);
  clock.jump(-3_600_000);
  const { status } = client.subscribe(lobby, { snapshot: () => {} });
  const { at } = status.value as { at: number };
  expect(at - clock.now()).toBeLessThanOrEqual(62_000);
});

describe("when the server refuses the only path on a stream that goes on", () => {
  test.each(["forbidden", "unknown"] as const)("as %s, nothing is live, and the stream ends", async (reason) => {
    const { server, clock, client, stream, subscription } = await live();
    stream.bye(reason, [inbox.path]);
    await clock.advance(2_000);
    const shown =
      reason === "forbidden" ? { state: "idle", ended: { reason } } : { state: "retrying", reason: "unknown" };
    expect(client.status.value).toMatchObject(shown);
    expect(subscription.status.value).toMatchObject(reason === "forbidden" ? { state: "closed", reason } : shown);
    expect(server.stream.aborted).toBe(true);
  });

  test("a page that brings it after a gap shows that it is known by now: a stream follows it at once", async () => {
    const { server, clock, client, stream, heard } = await live();
    stream.bye("unknown", [inbox.path]);
    stream.gap({ [inbox.path]: "reset" }, "f.1");
    await clock.advance(0);
    server.page.page({ cursor: "f.1" });
    await clock.advance(2_000);
    server.stream.live("f.1").event(MENTION, { by: "2" }, "f.2");
    await clock.advance(0);
    expect([client.status.value, heard]).toEqual([{ state: "live" }, ["2"]]);
  });
});

test.each([true, false])("a refusal closes its subscription only, if a page brings it first: %s", async (isFirst) => {
  const { server, clock, client } = createKit();
  const refused = client.subscribe(lobby, { snapshot: () => {} });
  await clock.advance(0);
  const answers = [server.page, server.stream];
  for (const request of isFirst ? answers : answers.toReversed()) {
    if (request.isOpen) request.answer(403, { channels: [lobby.path] });
    await clock.advance(0);
  }
  expect(refused.status.value).toMatchObject({ state: "closed", reason: "forbidden" });
  expect(client.status.value).toMatchObject({ state: "idle", ended: { reason: "forbidden" } });
  client.subscribe(inbox, { onGap: () => {} });
  await clock.advance(0);
  server.stream.live("e.1");
  await clock.advance(0);
  expect(client.status.value).toEqual({ state: "live" });
});

test.each([
  ["unknown", 20_000, 40_000],
  ["forbidden", 500, 2_500],
] as const)("who comes after a refusal as %s waits exactly for its rest", async (reason, elapsed, rest) => {
  const { clock, client, server, stream } = await live();
  client.subscribe(other, { onGap: () => {} });
  await clock.advance(0);
  const next = server.stream.live("e.1");
  await clock.advance(0);
  next.bye(reason, [inbox.path]);
  await clock.advance(elapsed);
  stream.end();
  const { status } = client.subscribe(inbox, { onGap: () => {} });
  expect(status.value).toMatchObject({ state: "retrying", at: clock.now() + rest });
  const asked = () => server.requests.filter(({ channels }) => channels.join().includes(inbox.path)).length;
  const before = asked();
  await clock.advance(rest - 1);
  expect(asked()).toBe(before);
  await clock.advance(1);
  expect(asked()).toBeGreaterThan(before);
});

test("a refusal of everything, on a stream that follows nothing any more, ends nothing", async () => {
  const { server, clock, client, stream } = await live();
  stream.bye("unknown", [inbox.path]);
  await clock.advance(0);
  stream.bye("forbidden");
  await clock.advance(0);
  expect(client.status.value.state).not.toBe("closed");
  server.onRequest = (request) =>
    queueMicrotask(() => (request.isStream ? request.live("e.1") : request.page({ cursor: "e.1" })));
  await clock.advance(75_000);
  expect(server.stream.channels).toEqual([inbox.path]);
  expect(client.status.value).toEqual({ state: "live" });
});
