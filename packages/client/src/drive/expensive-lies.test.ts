import { channel, defineContract } from "@tidings/contract";
import type { PageBody } from "@tidings/protocol";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chat, createKit, inbox, lobby, other, type ClientKit } from "../../test/client-kit.ts";
import type { FakeRequest } from "../../test/fake-server.ts";
import { follow, live, MENTION } from "../../test/stream-kit.ts";
import { joined, mention } from "../../test/subscription-kit.ts";
import { createClient } from "../index.ts";

const onGap = () => {};

/** Seconds of real time. */
async function secondsOf(task: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await task();
  return (performance.now() - begin) / 1_000;
}

/** Answers pages, but not for ever: a client that asks without a pause would never let the clock go on. */
function answerPages({ server }: ClientKit, page: (request: FakeRequest, count: number) => void): void {
  server.onRequest = (request) => {
    const { length } = server.pages;
    if (!request.isStream && length < 3_000) page(request, length);
  };
}

describe("a server that makes a client ask for pages gets few requests", () => {
  test.each([
    ["our own pages have come further than the stream", (request: FakeRequest) => request.page({ cursor: "e.9" })],
    ["no page is answered", () => {}],
  ])("by gaps, where %s", async (_, answer) => {
    const kit = await live();
    answerPages(kit, answer);
    kit.client.subscribe(other, { onGap }, { after: "e.9" });
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    for (let gap = 0; gap < 400; gap++) {
      stream.gap({ [other.path]: "trimmed" });
      await kit.clock.advance(5);
    }
    expect(kit.server.pages.length).toBeLessThan(200);
  });

  test("by positions that go back before the epoch changes", async () => {
    const kit = await live();
    answerPages(kit, (request) => request.page({ cursor: `${request.after}` }));
    for (let round = 0; round < 500; round++) {
      kit.stream.event(MENTION, { by: "x" }, `f${round}.9`);
      kit.stream.heartbeat(`f${round}.3`);
      kit.stream.heartbeat(`g${round}.1`);
      await kit.clock.advance(5);
    }
    expect(kit.server.pages.length).toBeLessThan(200);
  });

  test("by another epoch again and again, while pages run ahead", async () => {
    const kit = await live();
    let round = 0;
    answerPages(kit, (request) => request.page({ cursor: `f${round}.9` }));
    for (; round < 500; round++) {
      kit.stream.event(MENTION, { by: "x" }, `f${round}.3`);
      await kit.clock.advance(5);
    }
    expect(kit.server.pages.length).toBeLessThan(200);
  });

  test("by a limit that is one less each time", async () => {
    const kit = createKit();
    kit.server.onRequest = (request) => {
      const { size } = new Set(request.channels);
      if (kit.server.requests.length < 3_000) request.answer(400, { limit: size - 1 });
    };
    for (let index = 0; index < 200; index++) kit.client.subscribe(chat.inbox({ userId: `u${index}` }), { onGap });
    await kit.clock.advance(10_000);
    expect(kit.server.requests.length).toBeLessThan(300);
  });
});

describe("what a server says costs as much as its bytes", () => {
  test("a page with events of nobody, for many subscriptions", async () => {
    const kit = createKit();
    const events = Array.from({ length: 30_000 }, (_, seq) => ({ channel: "x", type: "y", data: 0, id: `e.${seq}` }));
    const inboxes = Array.from({ length: 2_000 }, (_, index) => chat.inbox({ userId: `u${index}` }));
    for (const address of inboxes) kit.client.subscribe(address, { onGap }, { after: "e.1" });
    await kit.clock.advance(0);
    const [page] = kit.server.pages;
    const body: Partial<PageBody> & { cursor: string } = { cursor: "e.9", events };
    const seconds = await secondsOf(async () => {
      page?.page(body);
      await kit.clock.advance(0);
    });
    expect(seconds).toBeLessThan(5);
  });

  test("a page that fails, for thousands of subscriptions of one address", async () => {
    const kit = createKit();
    const count = async (most: number): Promise<number> =>
      secondsOf(async () => {
        for (let index = 0; index < most; index++) kit.client.subscribe(inbox, { onGap }, { after: "e.1" });
        await kit.clock.advance(0);
        kit.server.page.answer(503);
        await kit.clock.advance(0);
      });
    expect(await count(3_000)).toBeLessThan(10);
    expect(kit.server.pages).toHaveLength(1);
    expect(kit.client.status.value).toMatchObject({ state: "connecting" });
  });

  test("a refusal with names of nobody, for many subscriptions", async () => {
    const kit = createKit();
    for (let index = 0; index < 1_000; index++) kit.client.subscribe(chat.inbox({ userId: `u${index}` }), { onGap });
    await kit.clock.advance(0);
    const channels = Array.from({ length: 100_000 }, (_, index) => `users/u${index + 5_000}/inbox`);
    const seconds = await secondsOf(async () => {
      kit.server.stream.answer(403, { channels });
      await kit.clock.advance(0);
    });
    expect(seconds).toBeLessThan(5);
  });

  test("a hello that comes again and again is told once", async () => {
    const kit = await follow();
    const stream = kit.server.stream.live(null, { contract: "c0" });
    for (let index = 0; index < 1_000; index++) {
      stream.push(`event: hello\ndata: {"contract":"c${index}"}\n\n`);
    }
    await kit.clock.advance(0);
    expect(kit.trace.filter(({ level }) => level === "warn").length).toBeLessThan(3);
  });
});

describe("what a server says does not end anything that it should not", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;

  test("data that is nested too deeply, on a stream", async () => {
    const kit = await live();
    kit.stream.push(`event: ${MENTION}\ndata: {"by":${deep}}\nid: e.2\n\n`);
    kit.stream.event(MENTION, { by: "3" }, "e.3");
    await kit.clock.advance(0);
    expect([kit.heard, kit.gaps]).toEqual([["3"], ["unreadable after e.1"]]);
  });

  test("data that is nested too deeply, on a poll", async () => {
    const kit = await follow();
    for (let second = 0; second < 60 && kit.server.pages.length === 0; second++) await kit.clock.advance(1_000);
    kit.server.page.page({ cursor: "e.1" });
    await kit.clock.advance(0);
    const events = [{ ...mention(2), data: { by: JSON.parse(deep) as unknown } }, mention(3)];
    const { page } = kit.server;
    page.page({ events, cursor: "e.3" });
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["3"]);
    expect(kit.gaps).toHaveLength(1);
  });

  test.each(["closed", "finished", "bad-option", "gap-loop", "whatever"])(
    "a page that refuses a path with the reason %s is a failed attempt",
    async (reason) => {
      const kit = createKit();
      const subscription = kit.client.subscribe(inbox, { onGap }, { after: "e.1" });
      await kit.clock.advance(0);
      kit.server.page.page({ cursor: "e.1", refused: { [inbox.path]: reason as "unknown" } });
      kit.server.stream.live("e.1");
      await kit.clock.advance(0);
      expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
    },
  );

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty"])("an event with the type %s", async (type) => {
    const kit = await joined();
    kit.stream.event(`${lobby.path}:${type}`, {}, "e.2");
    kit.stream.event(`${lobby.path}:message`, { text: "3" }, "e.3");
    kit.stream.push(`event: clear\ndata: ${JSON.stringify({ channel: lobby.path, type, key: "" })}\nid: e.4\n\n`);
    await kit.clock.advance(0);
    expect([kit.reports.slice(1), kit.errors]).toEqual([["3 e.3"], []]);
  });

  test.each(["constructor", "toString", "valueOf"])("pages for an address whose path is %s", async (name) => {
    const named = defineContract({ any: channel(":name", { mention: z.object({ by: z.string() }) }) });
    const { server, clock } = createKit();
    const heard: string[] = [];
    const client = createClient(named, { url: "/events", fetch: server.fetch, clock, onError: () => {} });
    client.subscribe(
      named.any({ name }),
      { mention: ({ by }) => heard.push(by), onGap: ({ reason }) => heard.push(reason) },
      { after: "e.1" },
    );
    await clock.advance(0);
    const event = { channel: name, type: "mention", data: { by: "2" }, id: "e.2" };
    server.page.page({ cursor: "e.2", events: [event], gap: { channels: {} }, refused: {}, state: {} });
    await clock.advance(0);
    expect(heard).toEqual(["2"]);
  });

  test("a body that does not let itself be cancelled", async () => {
    const kit = createKit({
      fetch: async () => {
        const body = { cancel: () => new Promise(() => {}) };
        return { status: 502, headers: new Headers(), body } as unknown as Response;
      },
    });
    kit.client.subscribe(inbox, { onGap });
    await kit.clock.advance(100);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
  });
});
