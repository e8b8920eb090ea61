import { expect, test } from "vitest";
import { createKit, inbox, lobby } from "../test/client-kit.ts";

test("a signal closes a subscription, with its handlers, its request and its stream", async () => {
  const { client, server, clock } = createKit();
  const end = new AbortController();
  const closed: string[] = [];
  const handlers = { snapshot: () => {}, onClose: (reason: string) => closed.push(reason) };
  const subscription = client.subscribe(lobby, handlers, { signal: end.signal });
  await clock.advance(0);
  end.abort();
  expect(subscription.status.value).toMatchObject({ state: "closed", reason: "closed" });
  await clock.advance(1_000);
  expect(closed).toEqual(["closed"]);
  expect(server.requests.every(({ aborted }) => aborted)).toBe(true);
  expect(clock.pending).toBe(0);
});

test("a signal that has aborted before lets nothing begin", async () => {
  const { client, server, clock } = createKit();
  const signal = AbortSignal.abort(new Error("too late"));
  const { status } = client.subscribe(lobby, { snapshot: () => {} }, { signal });
  const events = client.events(inbox, { signal });
  expect(status.value.state).toBe("closed");
  const next = events.next();
  await clock.advance(0);
  expect(await next).toEqual({ done: true, value: "closed" });
  await expect(client.history(inbox, { signal })).rejects.toThrow("too late");
  await clock.advance(2_000);
  expect(server.requests).toHaveLength(0);
});

test("a signal that has aborted before calls onClose when subscribe has returned", async () => {
  const { client, clock } = createKit();
  const seen: string[] = [];
  const onClose = (reason: string) => seen.push(`${reason}: ${subscription.status.value.state}`);
  const subscription = client.subscribe(inbox, { onGap: () => {}, onClose }, { signal: AbortSignal.abort() });
  await clock.advance(0);
  expect(seen).toEqual(["closed: closed"]);
});

test("what is no signal is refused at once, and leaves nothing behind", async () => {
  const { client, server, clock } = createKit();
  // A mistake of a program without types.
  const signal = new AbortController() as unknown as AbortSignal;
  expect(() => client.subscribe(inbox, { onGap: () => {} }, { signal })).toThrow(TypeError);
  expect(() => client.events(inbox, { signal })).toThrow(TypeError);
  await clock.advance(1_000);
  expect(server.requests).toHaveLength(0);
  expect(client.status.value).toEqual({ state: "idle" });
});

test("a signal ends a loop that waits, and a history that is under way, with the signal's reason", async () => {
  const { client, server, clock } = createKit();
  const end = new AbortController();
  const next = client.events(inbox, { signal: end.signal }).next();
  const history = client.history(inbox, { signal: end.signal });
  const outcome = history.catch((error: unknown) => error);
  await clock.advance(0);
  end.abort(new Error("no more"));
  expect(await next).toEqual({ done: true, value: "closed" });
  expect(await outcome).toMatchObject({ message: "no more" });
  expect(server.page.aborted).toBe(true);
});

test("a signal that outlives a thousand subscriptions keeps none of them", async () => {
  const { client, clock } = createKit();
  const end = new AbortController();
  let listeners = 0;
  const { signal } = end;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  for (let index = 0; index < 1_000; index++) client.subscribe(inbox, { onGap: () => {} }, { signal }).close();
  await clock.advance(0);
  expect(listeners).toBe(0);
});

test("a snapshot says where it ends, so that older events can be loaded", async () => {
  const { client, server, clock } = createKit();
  const cursors: string[] = [];
  client.subscribe(lobby, { snapshot: (_, { cursor }) => cursors.push(cursor) });
  await clock.advance(0);
  server.page.page({ cursor: "e.7", state: { [lobby.path]: { messages: [] } } });
  await clock.advance(0);
  expect(cursors).toEqual(["e.7"]);
  client.history(lobby, { before: cursors[0] ?? "" }).catch(() => {});
  await clock.advance(0);
  expect(server.page.url.searchParams.get("before")).toBe("e.7");
});

test("a signal that aborts at any moment ends everything, and leaves no request behind", async () => {
  for (let turns = 0; turns < 40; turns++) {
    const { client, clock, server } = createKit();
    server.onRequest = (request) =>
      queueMicrotask(() =>
        request.isStream
          ? request.live("e.1")
          : request.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } }),
      );
    const life = new AbortController();
    const { signal } = life;
    const reasons: string[] = [];
    client.subscribe(lobby, { snapshot: () => {}, onClose: (reason) => reasons.push(reason) }, { signal });
    const next = client.events(inbox, { signal, onGap: () => {} }).next();
    const history = client.history(inbox, { signal }).then(
      () => "history",
      (thrown: unknown) => thrown,
    );
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    life.abort();
    await clock.advance(3_000);
    expect([reasons, client.status.value.state]).toEqual([["closed"], "idle"]);
    expect(await next).toMatchObject({ done: true });
    expect(["history", signal.reason]).toContain(await history);
    expect(server.requests.filter(({ isOpen, aborted }) => isOpen && !aborted)).toEqual([]);
  }
});
