import { describe, expect, test } from "vitest";
import { createKit, inbox, lobby, other, watch, type ClientKit } from "../test/client-kit.ts";
import type { ClientOptions, ClientSubscription } from "./index.ts";

/** Closes the client, or a subscription of it. */
type Close = (kit: ClientKit, subscription: ClientSubscription) => void;

const closers: [string, Close][] = [
  ["client.close()", ({ client }) => client.close()],
  ["subscription.close()", (_, subscription) => subscription.close()],
];

/** A client that asks a login page: 200, and text/html. */
function askLoginPage(path: "page" | "stream", close: Close) {
  const options: Partial<ClientOptions> = {
    onError: () => close(kit, subscription),
    debug: true,
  };
  const kit = createKit(options);
  kit.server.onRequest = (request) => {
    if (request.isStream === (path === "stream")) request.answer(200, {}, { "content-type": "text/html" });
  };
  const subscription: ClientSubscription =
    path === "page"
      ? kit.client.subscribe(lobby, { snapshot: () => {} })
      : kit.client.subscribe(inbox, { onGap: () => {} });
  return { ...kit, subscription };
}

describe.each(closers)("%s", (name, close) => {
  test.each(["page", "stream"] as const)("in onError, when a %s is a login page, is final", async (path) => {
    const { client, server, clock, subscription } = askLoginPage(path, close);
    const seen = watch(subscription.status);
    const seenOfClient = watch(client.status);
    await clock.advance(2_000);
    const { length } = server.requests;
    await clock.advance(300_000);
    expect(seen.at(-1)).toBe("closed: closed");
    expect(seen.filter((each) => each === "closed: closed")).toHaveLength(1);
    expect(server.requests.length - length).toBe(0);
    expect(clock.pending).toBe(0);
    if (name === "client.close()") expect(seenOfClient.at(-1)).toBe("closed: closed");
  });

  test("is final from any handler and any status listener, and nothing is delivered after it", async () => {
    const places = ["snapshot", "topic", "message", "onClear", "onGap", "status", "client status", "onLog"] as const;
    for (const place of places) {
      const kit = createKit({
        debug: true,
        onLog: ({ event }) => event === "event" && here("onLog"),
      });
      let hasClosed = false;
      const after: string[] = [];
      const here = (reached: (typeof places)[number]) => {
        if (hasClosed) after.push(reached);
        if (reached !== place || hasClosed) return;
        close(kit, subscription);
        hasClosed = true;
      };
      const subscription: ClientSubscription = kit.client.subscribe(lobby, {
        snapshot: () => here("snapshot"),
        topic: () => here("topic"),
        message: () => here("message"),
        onClear: () => here("onClear"),
        onGap: () => here("onGap"),
      });
      subscription.status.subscribe(({ state }) => state === "live" && here("status"));
      kit.client.status.subscribe(({ state }) => state === "live" && here("client status"));
      await kit.clock.advance(0);
      const stream = kit.server.stream.live("e.1");
      await kit.clock.advance(0);
      kit.server.page.page({
        cursor: "e.1",
        state: { [lobby.path]: { messages: [] } },
        events: [{ channel: lobby.path, type: "topic", data: { text: "tea" } }],
      });
      await kit.clock.advance(0);
      stream.event(`${lobby.path}:message`, { text: "two" }, "e.2");
      stream.push(`event: clear\ndata: {"channel":"${lobby.path}","type":"topic","key":""}\nid: e.3\n\n`);
      stream.gap({ [lobby.path]: "trimmed" });
      await kit.clock.advance(300_000);
      expect(hasClosed, place).toBe(true);
      expect(
        after.filter((each) => each !== "onLog" && each !== "client status"),
        place,
      ).toEqual([]);
      expect(subscription.status.value, place).toMatchObject({ state: "closed", reason: "closed" });
      kit.client.close();
      expect(kit.clock.pending, place).toBe(0);
    }
  });

  test("is final when url or headers call it: the request that they were called for is ended", async () => {
    for (const option of ["url", "headers"] as const) {
      const kit = createKit({
        url: () => (option === "url" && close(kit, subscription), "/events"),
        headers: () => (option === "headers" && close(kit, subscription), {}),
      });
      const subscription: ClientSubscription = kit.client.subscribe(inbox, { onGap: () => {} });
      await kit.clock.advance(2_000);
      expect(
        kit.server.streams.filter(({ aborted }) => !aborted),
        option,
      ).toEqual([]);
      expect(subscription.status.value).toMatchObject({ state: "closed", reason: "closed" });
      kit.client.close();
      expect(kit.clock.pending).toBe(0);
    }
  });

  test("is final while url, headers, the request or its body are awaited", async () => {
    for (const awaited of ["url", "headers", "request", "body"] as const) {
      let goOn = () => {};
      const wait = new Promise<void>((resolve) => (goOn = resolve));
      const kit = createKit({
        ...(awaited === "url" && { url: () => wait.then(() => "/events") }),
        ...(awaited === "headers" && { headers: () => wait.then(() => ({})) }),
      });
      const heard: string[] = [];
      const subscription = kit.client.subscribe(lobby, {
        snapshot: () => heard.push("snapshot"),
        onClose: (reason) => heard.push(`closed ${reason}`),
      });
      await kit.clock.advance(0);
      if (awaited === "body") kit.server.stream.live("e.1");
      close(kit, subscription);
      const seen = watch(subscription.status);
      goOn();
      await kit.clock.advance(0);
      for (const request of kit.server.pages) {
        request.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } });
      }
      await kit.clock.advance(100_000);
      expect(heard, awaited).toEqual(["closed closed"]);
      expect(seen, awaited).toEqual(["closed: closed"]);
    }
  });
});

test.each(closers)(
  "%s in the getter of a handler is final: the handler that it returns is not called",
  async (_, close) => {
    const kit = createKit();
    const calls: string[] = [];
    const subscription: ClientSubscription = kit.client.subscribe(inbox, {
      get mention() {
        close(kit, subscription);
        return () => calls.push("mention");
      },
      onGap: () => {},
      onClose: (reason) => calls.push(`onClose ${reason}`),
    });
    await kit.clock.advance(0);
    kit.server.stream.live("e.1").event(`${inbox.path}:mention`, { by: "a" }, "e.2");
    await kit.clock.advance(0);
    expect(calls).toEqual(["onClose closed"]);
  },
);

test.each(closers)("%s while the network option is called for a page: that page is not asked for", async (_, close) => {
  const kit = createKit();
  const subscription = kit.client.subscribe(lobby, { snapshot: () => {} });
  kit.network.subscribe = () => (close(kit, subscription), () => {});
  await kit.clock.advance(10_000);
  expect(kit.server.pages).toEqual([]);
});

test("onClose may close again, and is called once", async () => {
  const kit = createKit();
  let calls = 0;
  const subscription: ClientSubscription = kit.client.subscribe(inbox, {
    onGap: () => {},
    onClose: () => {
      calls++;
      subscription.close();
      kit.client.close();
    },
  });
  await kit.clock.advance(0);
  subscription.close();
  await kit.clock.advance(100_000);
  expect(calls).toBe(1);
  expect(kit.clock.pending).toBe(0);
});

test("nothing is called any more once the client is closed: no url, no headers, no fetch", async () => {
  for (const awaited of ["url", "headers"] as const) {
    const calls: string[] = [];
    const called = (name: "url" | "headers") => {
      calls.push(name);
      if (name === awaited) kit.client.close();
    };
    const kit: ClientKit = createKit({
      url() {
        called("url");
        return "/events";
      },
      headers() {
        called("headers");
        return {};
      },
    });
    kit.client.history(inbox).catch(() => {});
    await kit.clock.advance(1_000);
    expect(calls.at(-1), awaited).toBe(awaited);
    expect(kit.server.requests, awaited).toEqual([]);
  }
  const kit = createKit({ url: () => expect.unreachable("the client is closed") });
  kit.client.history(inbox).catch(() => {});
  kit.client.close();
  await kit.clock.advance(1_000);
  expect(kit.server.requests).toEqual([]);
});

test.each(["open", "prepare"])(
  "closing in onLog, when a request begins (%s), ends that request, too",
  async (which) => {
    let isClosing = which === "open";
    const kit = createKit({
      debug: true,
      onLog: ({ event }) => isClosing && event === "connect" && kit.client.close(),
    });
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(0);
    if (which === "prepare") {
      kit.server.stream.live("e.1");
      await kit.clock.advance(0);
      isClosing = true;
      kit.client.subscribe(other, { onGap: () => {} });
      await kit.clock.advance(0);
    }
    expect(kit.client.status.value).toMatchObject({ state: "closed" });
    expect(kit.server.requests.every(({ aborted }) => aborted)).toBe(true);
    expect([kit.clock.pending, kit.network.listeners]).toEqual([0, 0]);
  },
);

test("closing in onLog, when a request has ended, is final: onError hears nothing after it", async () => {
  const after: string[] = [];
  const kit: ClientKit = createKit({
    debug: true,
    onLog: ({ event }) => event === "end" && kit.client.close(),
    onError: ({ code }) => after.push(code),
  });
  kit.server.onRequest = (request) => request.answer(200, {}, { "content-type": "text/html" });
  kit.client.subscribe(inbox, { onGap: () => {} });
  await kit.clock.advance(10_000);
  expect(after).toEqual([]);
  expect(kit.client.status.value).toMatchObject({ state: "closed", reason: "closed" });
});

test("closing in onError leaves the rest of a page alone", async () => {
  const errors: string[] = [];
  const kit: ClientKit = createKit({
    onError: ({ code }) => {
      errors.push(code);
      kit.client.close();
    },
  });
  kit.client.subscribe(inbox, { onGap: () => {}, mention: () => expect.unreachable("closed") }, { after: "e.1" });
  await kit.clock.advance(0);
  const bad = (seq: number) => ({ channel: inbox.path, type: "mention", data: { by: seq }, id: `e.${seq}` });
  kit.server.page.page({ cursor: "e.4", events: [bad(2), bad(3), { ...bad(4), data: { by: "x" } }] });
  await kit.clock.advance(0);
  expect(errors).toEqual(["invalid-data"]);
});

test("a handler that rejects after the end is reported to the client, not to the subscription", async () => {
  const kit = createKit();
  const own: string[] = [];
  let reject: (error: Error) => void = () => {};
  const subscription = kit.client.subscribe(inbox, {
    mention: () => new Promise((_, fail) => (reject = fail)),
    onGap: () => {},
    onError: ({ code }) => own.push(code),
  });
  await kit.clock.advance(0);
  kit.server.stream.live("e.1").event(`${inbox.path}:mention`, { by: "a" }, "e.2");
  await kit.clock.advance(0);
  subscription.close();
  reject(new Error("late"));
  await kit.clock.advance(0);
  expect(own).toEqual([]);
  expect(kit.errors).toMatchObject([{ code: "handler-failed" }]);
});

test("users get nothing with which they could revive what is closed", () => {
  const { client } = createKit();
  const subscription = client.subscribe(inbox, { onGap: () => {} });
  expect(Object.keys(client.status).sort()).toEqual(["subscribe", "value"]);
  expect(Object.keys(subscription.status).sort()).toEqual(["subscribe", "value"]);
  expect(Object.keys(subscription).sort()).toEqual(["close", "reached", "status"]);
});
