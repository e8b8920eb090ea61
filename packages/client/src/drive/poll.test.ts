import type { PageBody } from "@tidings/protocol";
import { describe, expect, test } from "vitest";
import { chat, inbox, lobby, other, watch, type ClientKit } from "../../test/client-kit.ts";
import type { FakeRequest } from "../../test/fake-server.ts";
import { follow, live, MENTION, untilNext } from "../../test/stream-kit.ts";
import { mention } from "../../test/subscription-kit.ts";

const POLLING = { state: "live", transport: "poll" };

/** A client that has heard no hello twice, and whose first poll is answered. */
async function polling() {
  const kit = await follow();
  await untilPoll(kit);
  kit.server.page.page({ cursor: "e.1" });
  await kit.clock.advance(0);
  return kit;
}

async function untilPoll({ server, clock }: ClientKit): Promise<void> {
  const before = server.pages.length;
  for (let second = 0; second < 120 && server.pages.length === before; second++) await clock.advance(1_000);
}

const poll = ({ server }: ClientKit) =>
  server.pages.findLast(({ isOpen, url }) => isOpen && url.searchParams.has("wait"));
const wait = ({ server }: ClientKit) => server.page.url.searchParams.get("wait");

describe("where streams do not come through", () => {
  test("the client polls after the second hello that did not come, and says so", async () => {
    const kit = await polling();
    expect(kit.server.streams).toHaveLength(2);
    expect(kit.server.streams.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(kit.client.status.value).toEqual(POLLING);
    expect(kit.subscription.status.value).toEqual(POLLING);
    const [first, second] = kit.server.pages;
    expect(first?.url.searchParams.get("wait")).toBeNull();
    expect([second?.url.searchParams.get("wait"), second?.after]).toEqual(["25", "e.1"]);
  });

  test("each poll goes on from where the one before has ended; nothing is lost, and nothing comes twice", async () => {
    const kit = await polling();
    kit.server.page.page({ cursor: "e.3", events: [mention(2), mention(3)], more: true });
    await kit.clock.advance(0);
    expect([kit.server.page.after, wait(kit)]).toEqual(["e.3", null]);
    kit.server.page.page({ cursor: "e.5", events: [mention(3), mention(4)] });
    await kit.clock.advance(0);
    expect([kit.server.page.after, wait(kit)]).toEqual(["e.5", "25"]);
    expect(kit.heard).toEqual(["2", "3", "4"]);
  });

  test("a stream that falls silent later is replaced by polls, from where it stood", async () => {
    const kit = await live();
    kit.stream.event(MENTION, { by: "2" }, "e.2");
    await untilPoll(kit);
    expect(kit.server.streams).toHaveLength(3);
    expect(kit.server.page.after).toBe("e.2");
    kit.server.page.page({ cursor: "e.3", events: [mention(3)] });
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["2", "3"]);
    expect(kit.client.status.value).toEqual(POLLING);
  });

  test("gaps, refusals, withdrawals and states are what they are on a stream", async () => {
    const kit = await polling();
    const seen: string[] = [];
    kit.client.subscribe(lobby, {
      snapshot: ({ messages }) => seen.push(messages.join()),
      onClear: ({ key }) => seen.push(`clear ${key}`),
    });
    const secret = kit.client.subscribe(other, { onGap: () => {} });
    await kit.clock.advance(0);
    kit.server.onRequest = (request) => {
      if (request.isStream || request.url.searchParams.has("wait")) return;
      const { searchParams } = request.url;
      if (searchParams.has("snapshot")) request.page({ cursor: "e.1", state: { [lobby.path]: { messages: ["a"] } } });
      else request.page({ cursor: "e.1", refused: { [other.path]: "forbidden" } });
    };
    // The polls that were asked for before the test answered by itself.
    for (const request of kit.server.pages.filter(({ isOpen }) => isOpen)) kit.server.onRequest(request);
    await kit.clock.advance(0);
    expect(secret.status.value).toMatchObject({ state: "closed", reason: "forbidden" });
    const clear = { channel: lobby.path, type: "topic", clear: "k", id: "e.2" };
    poll(kit)?.page({ cursor: "e.3", events: [clear], gap: { channels: { [inbox.path]: "trimmed" } } });
    await kit.clock.advance(0);
    expect(seen).toEqual(["a", "clear k"]);
    expect(kit.gaps).toEqual(["trimmed after e.1"]);
    expect(poll(kit)?.after).toBe("e.3");
    poll(kit)?.page({ cursor: "f.9", gap: { channels: { [inbox.path]: "reset", [lobby.path]: "reset" } } });
    kit.server.onRequest = null;
    await kit.clock.advance(1_000);
    expect(kit.gaps).toEqual(["trimmed after e.1", "reset after e.1"]);
    expect(kit.server.pages.find(({ isOpen, after }) => isOpen && after === "f.9")).toBeDefined();
  });

  test("a new subscription disturbs nobody", async () => {
    const kit = await polling();
    const heard: string[] = [];
    kit.client.subscribe(other, { mention: ({ by }) => heard.push(by), onGap: () => {} });
    await kit.clock.advance(0);
    const [running, next] = kit.server.pages.slice(-2);
    expect([running?.aborted, next?.channels]).toEqual([false, [inbox.path, other.path]]);
    running?.page({ cursor: "e.2", events: [mention(2)] });
    await kit.clock.advance(0);
    next?.page({ cursor: "e.3", events: [mention(2), { ...mention(3), channel: other.path }] });
    await kit.clock.advance(0);
    expect([kit.heard, heard]).toEqual([["2"], ["3"]]);
    expect(kit.client.status.value).toEqual(POLLING);
  });

  test("a stream is tried again every few minutes, beside the polls, and takes over when it says hello", async () => {
    const kit = await polling();
    kit.server.onRequest = (request) => {
      const isHeldBack = request.url.searchParams.has("wait");
      if (!request.isStream) kit.clock.setTimeout(() => request.page({ cursor: "e.1" }), isHeldBack ? 24_000 : 0);
    };
    kit.server.onRequest(kit.server.page);
    await kit.clock.advance(170_000);
    expect(kit.server.streams).toHaveLength(2);
    await kit.clock.advance(15_000);
    expect(kit.server.streams).toHaveLength(3);
    await kit.clock.advance(60_000);
    expect(kit.client.status.value).toEqual(POLLING);
    await kit.clock.advance(135_000);
    expect(kit.server.streams).toHaveLength(4);
    const stream = kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    expect(kit.client.status.value).toEqual({ state: "live" });
    expect(kit.server.pages.filter(({ isOpen }) => isOpen)).toEqual([]);
    stream.event(MENTION, { by: "2" }, "e.2");
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["2"]);
    const pages = kit.server.pages.length;
    for (let beat = 0; beat < 30; beat++) {
      stream.heartbeat("e.2");
      await kit.clock.advance(10_000);
    }
    expect([kit.server.streams.length, kit.server.pages.length]).toEqual([4, pages]);
  });
});

test("a gap while a stream is tried again gives that one up, and another one is tried minutes later", async () => {
  const kit = await polling();
  kit.server.onRequest = (request) => {
    if (!request.isStream) kit.clock.setTimeout(() => request.page({ cursor: "e.1" }), 24_000);
  };
  kit.server.onRequest(kit.server.page);
  await untilNext(kit);
  const trial = kit.server.stream;
  kit.server.onRequest = null;
  for (const request of kit.server.pages.filter(({ isOpen }) => isOpen)) {
    request.page({ cursor: "e.7", gap: { channels: { [inbox.path]: "trimmed" } } });
  }
  await kit.clock.advance(0);
  expect([kit.gaps.length, trial.aborted]).toEqual([1, true]);
  kit.server.onRequest = (request) => {
    if (!request.isStream) kit.clock.setTimeout(() => request.page({ cursor: "e.7" }), 24_000);
  };
  kit.server.onRequest(kit.server.page);
  expect(await untilNext(kit)).toBeLessThan(200_000);
  kit.server.stream.live("e.7");
  await kit.clock.advance(0);
  expect([kit.server.stream.after, kit.client.status.value]).toEqual(["e.7", { state: "live" }]);
});

describe("polls", () => {
  const noProgress: [string, (id: string) => Partial<PageBody>][] = [
    ["an event of nobody", (id: string) => ({ events: [{ channel: "x", type: "y", data: 0, id }] })],
    ["a gap of nobody", () => ({ gap: { channels: { x: "trimmed" } } })],
  ];
  test.each(noProgress)("that bring nothing but %s follow one another after a pause", async (_, members) => {
    const kit = await polling();
    kit.server.onRequest = (request) => {
      const { length } = kit.server.pages;
      const cursor = `e.${length}`;
      if (!request.isStream && length < 200) request.page({ cursor, ...members(cursor) });
    };
    poll(kit)?.page({ cursor: "e.2" });
    await kit.clock.advance(10_000);
    expect(kit.server.pages.length).toBeLessThan(15);
  });

  test("that fail are tried again with pauses; one that does not come in time lets a stream be tried", async () => {
    const kit = await polling();
    kit.server.page.answer(503, {}, { "retry-after": "5" });
    await kit.clock.advance(0);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
    await kit.clock.advance(15_000);
    expect([kit.server.page.after, wait(kit)]).toEqual(["e.1", null]);
    const streams = kit.server.streams.length;
    await kit.clock.advance(15_000 + 40_000);
    expect(kit.server.streams.length).toBeGreaterThan(streams);
  });

  test("wait for as long as the server may hold them back, and then for connectTimeout", async () => {
    const kit = await polling();
    await kit.clock.advance(39_000);
    expect(kit.client.status.value).toEqual(POLLING);
    await kit.clock.advance(2_000);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });

  test.each([
    { more: false, moves: false },
    { more: false, moves: true },
    { more: true, moves: false },
  ])("that bring nothing are asked for once a second at most: %j", async ({ more, moves }) => {
    const kit = await polling();
    kit.server.onRequest = (request) => {
      const { length } = kit.server.requests;
      if (!request.isStream && length < 200) request.page({ cursor: `e.${moves ? length : 1}`, more });
    };
    kit.server.onRequest(kit.server.page);
    const before = kit.server.pages.length;
    await kit.clock.advance(30_000);
    expect(kit.server.pages.length - before).toBeLessThanOrEqual(31);
  });

  test.each(["cuts", "answers 504 to"])(
    "that a proxy %s after 10 seconds become shorter: then they work",
    async (how) => {
      const kit = await polling();
      const answer = (request: FakeRequest): void => {
        if (!request.isOpen || request.isStream) return;
        const seconds = Number(request.url.searchParams.get("wait"));
        if (seconds <= 10) request.page({ cursor: "e.1" });
        else if (how === "cuts") request.fail();
        else request.intrude(504);
      };
      kit.server.onRequest = (request) => {
        const seconds = Number(request.url.searchParams.get("wait"));
        kit.clock.setTimeout(() => answer(request), 1_000 * Math.min(10, seconds));
      };
      kit.server.onRequest(kit.server.page);
      await kit.clock.advance(60_000);
      const seen = watch(kit.client.status);
      await kit.clock.advance(100_000);
      expect(seen).toEqual(["live"]);
      expect(wait(kit)).toBe("6");
    },
  );

  test("that fail soon, or fail for long, do not become shorter than 5 seconds", async () => {
    const kit = await polling();
    const seconds = new Set<string | null>();
    kit.server.onRequest = (request) => {
      if (request.isStream) return;
      const asked = request.url.searchParams.get("wait");
      seconds.add(asked);
      kit.clock.setTimeout(() => request.isOpen && (asked ? request.fail() : request.page({ cursor: "e.1" })), 5_000);
    };
    kit.server.page.fail();
    await kit.clock.advance(600_000);
    expect([...seconds]).toEqual([null, "25", "12", "6", "5"]);
  });

  test("that are empty, with more behind them, follow one another without a pause a hundred times", async () => {
    const kit = await polling();
    let seq = 1;
    kit.server.onRequest = (request) => void (request.isStream || request.page({ cursor: `e.${++seq}`, more: true }));
    kit.server.page.page({ cursor: "e.1", more: true });
    await kit.clock.advance(20_000);
    expect(seq).toBeGreaterThan(100);
    expect(seq).toBeLessThan(130);
  });

  test("end with the client, in the middle of a page, too", async () => {
    const kit = await polling();
    const heard: string[] = [];
    kit.client.subscribe(chat.inbox({ userId: "cyd" }), { onGap: () => {} });
    kit.client.subscribe(inbox, { mention: ({ by }) => (heard.push(by), kit.client.close()), onGap: () => {} });
    await kit.clock.advance(0);
    const last = kit.server.pages.length;
    kit.server.page.page({ cursor: "e.3", events: [mention(2), mention(3)] });
    await kit.clock.advance(200_000);
    expect(heard).toEqual(["2"]);
    expect(kit.server.pages).toHaveLength(last);
    expect(kit.clock.pending).toBe(0);
    expect(kit.network.listeners).toBe(0);
  });
});
