import { describe, expect, test } from "vitest";
import { chat, createKit, inbox, lobby, type ClientKit } from "../test/client-kit.ts";
import type { ClientSubscription } from "./index.ts";

const card = (index: number) => chat.room({ roomId: `card ${index}` });
const handlers = { snapshot: () => {} };
const state = { messages: [] };

describe("cards that come and go while somebody scrolls", () => {
  test("leave no request behind, and the card that stays is served at once", async () => {
    const { client, server, clock } = createKit();
    for (let index = 0; index < 99; index++) {
      const subscription = client.subscribe(card(index), handlers);
      await clock.advance(10);
      subscription.close();
    }
    const states: unknown[] = [];
    client.subscribe(card(99), { snapshot: (value) => states.push(value) });
    await clock.advance(0);
    expect(server.pages).toHaveLength(100);
    expect(server.pages.filter(({ aborted }) => !aborted)).toEqual([server.page]);
    expect(server.streams.filter(({ aborted }) => !aborted).length).toBeLessThanOrEqual(1);
    server.page.page({ cursor: "e.1", state: { [card(99).path]: state } });
    await clock.advance(0);
    expect(states).toEqual([state]);
  });

  test("that close in the same moment are never asked for", async () => {
    const { client, server, clock } = createKit();
    for (let index = 0; index < 100; index++) client.subscribe(card(index), handlers).close();
    await clock.advance(2_000);
    expect(server.requests).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe("no handler runs before `subscribe` has returned", () => {
  const situations: [string, (kit: ClientKit) => Promise<void> | void][] = [
    ["at the beginning", () => {}],
    [
      "while a stream runs that has the address",
      async ({ client, server, clock }) => {
        client.subscribe(lobby, handlers);
        await clock.advance(0);
        server.page.page({ cursor: "e.1", state: { [lobby.path]: state } });
        server.stream.live("e.1");
        await clock.advance(0);
      },
    ],
    [
      "while the connection waits",
      async ({ client, server, clock }) => {
        client.subscribe(inbox, { onGap: () => {} });
        await clock.advance(0);
        server.stream.fail();
        await clock.advance(0);
      },
    ],
    [
      "while the address is refused",
      async ({ client, server, clock }) => {
        client.subscribe(lobby, handlers);
        await clock.advance(0);
        server.page.answer(403, { channels: [lobby.path] });
        await clock.advance(0);
      },
    ],
    [
      "while a stream was refused because of the address",
      async ({ client, server, clock }) => {
        client.subscribe(lobby, handlers);
        await clock.advance(0);
        server.stream.answer(403, { channels: [lobby.path] });
        await clock.advance(0);
      },
    ],
    [
      "while the server does not know the address",
      async ({ client, server, clock }) => {
        client.subscribe(lobby, handlers);
        await clock.advance(0);
        server.stream.answer(404, { channels: [lobby.path] });
        await clock.advance(0);
      },
    ],
    [
      "while nobody is signed in",
      async ({ client, server, clock }) => {
        server.onRequest = (request) => request.answer(401);
        client.subscribe(lobby, handlers);
        await clock.advance(10_000);
      },
    ],
    ["after the end of the client", ({ client }) => client.close()],
  ];

  test.each(situations)("%s", async (_, prepare) => {
    let isReturned = true;
    const early: string[] = [];
    const note = (name: string) => () => void (isReturned || early.push(name));
    const kit = createKit({ onError: note("the client's onError"), onLog: note("onLog"), debug: true });
    await prepare(kit);
    isReturned = false;
    const subscription: ClientSubscription = kit.client.subscribe(lobby, {
      snapshot: note("snapshot"),
      message: note("message"),
      onGap: note("onGap"),
      onError: note("onError"),
      onClose: note("onClose"),
    });
    isReturned = true;
    await kit.clock.advance(100);
    expect(early).toEqual([]);
    subscription.close();
  });
});

test("eight times as many subscriptions of one address cost about eight times as much to mount", async () => {
  async function mount(count: number): Promise<number> {
    const { client, server, clock } = createKit();
    const begin = performance.now();
    for (let index = 0; index < count; index++) client.subscribe(lobby, handlers);
    await clock.advance(0);
    server.page.page({ cursor: "e.1", state: { [lobby.path]: state } });
    server.stream.live("e.1");
    await clock.advance(0);
    const milliseconds = performance.now() - begin;
    expect(client.status.value).toEqual({ state: "live" });
    expect(server.requests).toHaveLength(2);
    client.close();
    return milliseconds;
  }
  await mount(1_000);
  const few = await mount(1_000);
  // Work that grew with the square would be 64 times as much.
  expect(await mount(8_000)).toBeLessThan(30 * few + 100);
});
