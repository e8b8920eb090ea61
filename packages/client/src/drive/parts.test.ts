import { describe, expect, test } from "vitest";
import { chat, createKit, inbox, watch, type ClientKit } from "../../test/client-kit.ts";
import type { FakeRequest } from "../../test/fake-server.ts";

const inboxes = (count: number) => Array.from({ length: count }, (_, index) => chat.inbox({ userId: `u${index}` }));

interface Limits {
  readonly channels?: number;
  /** Characters of a body. */
  readonly body?: number;
  /** Characters of a URL. */
  readonly url?: number;
}

/** Answers as a server with limits does. Streams begin at e.1. */
function limit({ server }: ClientKit, { channels = Infinity, body = Infinity, url = Infinity }: Limits): void {
  server.onRequest = (request) => {
    if (server.requests.length > 200) return;
    const bytes = (request.init.body as string | undefined)?.length ?? 0;
    if (request.url.href.length > url) request.intrude(414);
    else if (bytes > body) request.answer(413, { code: "too-large" });
    else if (request.channels.length > channels) request.answer(400, { limit: channels });
    else if (request.isStream) request.live("e.1");
    else answerPage(request);
  };
}

function answerPage(request: FakeRequest): void {
  const state = Object.fromEntries(
    request.channels.flatMap((path) => (path.startsWith("rooms/") ? [[path.split("@")[0], { messages: [] }]] : [])),
  );
  request.page({ cursor: "e.1", state });
}

const openStreams = ({ server }: ClientKit) => server.streams.filter(({ aborted, isOpen }) => !aborted && !isOpen);
const followedBy = (kit: ClientKit) => openStreams(kit).flatMap(({ channels }) => channels);

describe("a client follows more channels than one request may have", () => {
  test.each([101, 1_000])("%d of them, at a server that allows 100", async (count) => {
    const kit = createKit();
    limit(kit, { channels: 100 });
    const subscriptions = inboxes(count).map((address) => kit.client.subscribe(address, { onGap: () => {} }));
    await kit.clock.advance(0);
    await kit.clock.advance(0);
    await kit.clock.advance(0);
    expect(subscriptions.filter(({ status }) => status.value.state !== "live")).toEqual([]);
    expect(kit.client.status.value).toEqual({ state: "live" });
    expect(followedBy(kit).toSorted()).toEqual(
      inboxes(count)
        .map(({ path }) => path)
        .toSorted(),
    );
    expect(openStreams(kit)).toHaveLength(Math.ceil(count / 100));
    expect(kit.errors).toEqual([]);
  });

  test("one more than allowed, later: the others go on, and it has a stream of its own", async () => {
    const kit = createKit();
    limit(kit, { channels: 2 });
    const [first, second, third] = inboxes(3);
    const heard: string[] = [];
    for (const address of [first, second]) {
      if (address) kit.client.subscribe(address, { mention: ({ by }) => heard.push(by), onGap: () => {} });
    }
    await kit.clock.advance(0);
    const stream = kit.server.stream.channels;
    const seen = watch(kit.client.status);
    const late = kit.client.subscribe(third ?? inbox, { mention: ({ by }) => heard.push(by), onGap: () => {} });
    await kit.clock.advance(0);
    await kit.clock.advance(0);
    expect(openStreams(kit).map(({ channels }) => channels)).toEqual([stream, [third?.path]]);
    expect(late.status.value).toEqual({ state: "live" });
    expect(seen).toEqual(["live"]);
  });

  test.each<[string, unknown]>([
    ["a signal that has aborted", AbortSignal.abort()],
    ["no signal, from a program without types", new AbortController()],
  ])("a subscription with %s leaves nothing behind that takes the place of another one", async (_, signal) => {
    const kit = createKit();
    limit(kit, { channels: 2 });
    const [kept, ...closed] = inboxes(3).map((address) => kit.client.subscribe(address, { onGap: () => {} }));
    // Now it knows the limit.
    await kit.clock.advance(100);
    closed.forEach((subscription) => subscription.close());
    await kit.clock.advance(5_000);
    for (let index = 10; index < 15; index++) {
      const address = chat.inbox({ userId: `u${index}` });
      try {
        kit.client.subscribe(address, { onGap: () => {} }, { signal: signal as AbortSignal });
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(5_000);
    expect(kept?.status.value).toEqual({ state: "live" });
    expect(openStreams(kit).map(({ channels }) => channels.length)).toEqual([2]);
  });

  test("their pages and states come in parts, too", async () => {
    const kit = createKit();
    limit(kit, { channels: 10 });
    const states: unknown[] = [];
    for (let index = 0; index < 25; index++) {
      kit.client.subscribe(chat.room({ roomId: `r${index}` }), { snapshot: (state) => states.push(state) });
    }
    await kit.clock.advance(0);
    await kit.clock.advance(0);
    await kit.clock.advance(0);
    expect(states).toHaveLength(25);
    expect(kit.server.pages.map(({ channels }) => channels.length)).toEqual([25, 10, 10, 5]);
  });

  test("what has been heard already is not lost and does not come twice when a server allows fewer", async () => {
    const kit = createKit();
    const heard: string[] = [];
    for (const address of inboxes(3)) {
      kit.client.subscribe(address, { mention: ({ by }) => heard.push(by), onGap: () => {} });
    }
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    const [, , third] = inboxes(3);
    const mention = (id: string) => ({ channel: `${third?.path}`, type: "mention", data: { by: id }, id });
    stream.event(`${third?.path}:mention`, { by: "e.2" }, "e.2");
    await kit.clock.advance(0);
    stream.end();
    kit.server.onRequest = (request) => {
      if (request.channels.length > 2) request.answer(400, { limit: 2 });
      else if (request.after === "e.3") request.page({ events: [mention("e.4")], cursor: "e.4" });
      else if (!request.isStream) request.page({ events: [mention("e.3")], cursor: "e.3" });
      else if (request.channels.length === 2) request.live("e.3");
      else request.live("e.3").event(`${third?.path}:mention`, { by: "e.4" }, "e.4");
    };
    await kit.clock.advance(10_000);
    expect(heard).toEqual(["e.2", "e.3", "e.4"]);
  });
});

describe("what is too large", () => {
  test("as a body is asked for in halves", async () => {
    const kit = createKit();
    limit(kit, { body: 3_000 });
    const subscriptions = inboxes(400).map((address) => kit.client.subscribe(address, { onGap: () => {} }));
    for (let turn = 0; turn < 8; turn++) await kit.clock.advance(0);
    expect(subscriptions.filter(({ status }) => status.value.state !== "live")).toEqual([]);
    expect(new Set(followedBy(kit)).size).toBe(400);
    expect(kit.server.requests.length).toBeLessThan(16);
  });

  test("for a proxy, too, for a while: the parts stay as large as a URL can be", async () => {
    const kit = createKit();
    kit.server.onRequest = (request) => request.intrude(413);
    for (const address of inboxes(400)) kit.client.subscribe(address, { onGap: () => {} });
    await kit.clock.advance(7_000);
    expect(kit.errors).toMatchObject([{ code: "bad-response" }]);
    limit(kit, {});
    await kit.clock.advance(30_000);
    expect(kit.client.status.value).toEqual({ state: "live" });
    expect(openStreams(kit)).toHaveLength(2);
    expect(followedBy(kit)).toHaveLength(400);
  });

  test("as a URL is asked for as POST, also where the application's own URL is long", async () => {
    const own = createKit({ url: `/events?token=${"x".repeat(6_500)}` });
    limit(own, { url: 8_000 });
    for (const address of inboxes(40)) own.client.subscribe(address, { onGap: () => {} });
    await own.clock.advance(0);
    expect(own.server.requests.map(({ init }) => init.method)).toEqual(["POST"]);
    expect(own.client.status.value).toEqual({ state: "live" });
    const strict = createKit();
    limit(strict, { url: 500 });
    for (const address of inboxes(40)) strict.client.subscribe(address, { onGap: () => {} });
    await strict.clock.advance(0);
    expect(strict.server.requests.map(({ init }) => init.method)).toEqual([undefined, "POST"]);
    expect(strict.client.status.value).toEqual({ state: "live" });
    await expect(strict.client.history(inbox)).resolves.toMatchObject({ cursor: "e.1" });
  });

  test("whatever is asked for ends the client, in few requests", async () => {
    const kit = createKit();
    kit.server.onRequest = (request) => request.answer(414, { code: "too-large" });
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(60_000);
    expect(kit.client.status.value).toMatchObject({ state: "closed", reason: "rejected" });
    expect(kit.server.requests).toHaveLength(2);
  });

  test.each([0, -1, 3, 1e300, "2", null, Number.NaN])(
    "a limit of %s for three channels is not believed",
    async (given) => {
      const kit = createKit();
      kit.server.onRequest = (request) => {
        if (kit.server.requests.length < 100) request.answer(400, { limit: given });
      };
      for (const address of inboxes(3)) kit.client.subscribe(address, { onGap: () => {} });
      await kit.clock.advance(60_000);
      expect(kit.server.requests.length).toBeLessThan(12);
    },
  );
});

test("several streams close together", async () => {
  const kit = createKit();
  limit(kit, { channels: 1 });
  const closed: string[] = [];
  for (const address of inboxes(3)) {
    kit.client.subscribe(address, { onGap: () => {}, onClose: (reason) => closed.push(reason) });
  }
  for (let turn = 0; turn < 4; turn++) await kit.clock.advance(0);
  expect(openStreams(kit)).toHaveLength(3);
  kit.client.close();
  await kit.clock.advance(10_000);
  expect(openStreams(kit)).toEqual([]);
  expect(closed).toEqual(["closed", "closed", "closed"]);
  expect(kit.errors).toEqual([]);
  expect(kit.network.listeners).toBe(0);
  kit.client.subscribe(inbox, { onGap: () => {}, onClose: (reason) => closed.push(`later: ${reason}`) });
  await kit.clock.advance(10_000);
  expect(closed.at(-1)).toBe("later: closed");
});
