import { describe, expect, onTestFinished, test, vi } from "vitest";
import { chat, createKit, inbox, lobby } from "../../test/client-kit.ts";
import { follow, untilNext } from "../../test/stream-kit.ts";
import { createClient, StreamError, type ClientOptions } from "../index.ts";

/** A client with the runtime's own fetch, and what it reports. */
function followForReal(options: ClientOptions) {
  const messages: string[] = [];
  const client = createClient(chat, { onError: ({ message }) => messages.push(message), ...options });
  onTestFinished(() => client.close());
  client.subscribe(inbox, { onGap: () => {} });
  return { client, messages };
}

test("no handlers are a mistake that subscribe throws: nothing is followed", async () => {
  const kit = createKit();
  // A mistake of a program without types.
  const handlers = undefined as unknown as { onGap: () => void };
  expect(() => kit.client.subscribe(inbox, handlers)).toThrow(TypeError);
  await kit.clock.advance(1_000);
  expect(kit.server.requests).toHaveLength(0);
});

describe("what may heal is tried again, and says why", () => {
  test("an outage is reported when it begins and once a minute; the status says what, why and since when", async () => {
    const kit = await follow();
    const begin = kit.clock.now();
    kit.server.onRequest = (request) => request.fail();
    kit.server.stream.fail();
    await kit.clock.advance(59_000);
    expect(kit.errors).toMatchObject([
      { code: "network", message: expect.stringContaining("got TypeError: fetch failed; check") as string },
    ]);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "network", since: begin });
    expect(kit.client.status.value).toHaveProperty("cause", expect.any(StreamError));
    await kit.clock.advance(61_000);
    expect(kit.errors).toHaveLength(2);
    kit.server.onRequest = (request) => void (request.isStream && request.live("e.1"));
    kit.client.reconnect();
    await kit.clock.advance(0);
    expect(kit.client.status.value).toEqual({ state: "live" });
  });

  test("one failure of many subscriptions is reported once", async () => {
    const kit = createKit();
    kit.server.onRequest = (request) => request.fail();
    for (let index = 0; index < 50; index++) {
      kit.client.subscribe(chat.inbox({ userId: `u${index}` }), { onGap: () => {} }, { after: "e.1" });
    }
    await kit.clock.advance(10_000);
    expect(kit.errors).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 425, 501])("%d from a proxy is an outage: it ends nothing", async (status) => {
    const kit = await follow();
    kit.server.stream.intrude(status);
    await kit.clock.advance(7_000);
    expect(kit.server.streams.length).toBeGreaterThan(1);
    expect(kit.closed).toEqual([]);
    expect(kit.errors[0]?.message).toBe(`Expected an answer of a hub, got ${status}; check "url".`);
    kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    expect(kit.client.status.value).toEqual({ state: "live" });
  });

  test.each([
    [400, { status: 503, code: "unavailable" }],
    [401, { status: 429, code: "limit" }],
    [404, { status: 503, code: "draining" }],
  ])("%d from a proxy, with the document of another status, is an outage", async (status, members) => {
    const kit = await follow();
    kit.server.stream.answer(status, members);
    await kit.clock.advance(7_000);
    expect(kit.server.streams.length).toBeGreaterThan(1);
    expect(kit.closed).toEqual([]);
    expect(kit.errors[0]?.message).toBe(`Expected an answer of a hub, got ${status}; check "url".`);
  });

  test("an answer without a body is named", async () => {
    const answer = { status: 200, headers: new Headers({ "content-type": "text/event-stream" }), body: null };
    const kit = createKit({ fetch: async () => answer as unknown as Response });
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(0);
    expect(kit.errors[0]?.message).toBe('Expected a body, got none; check "fetch".');
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "bad-response" });
  });
});

describe("what only a developer can heal closes the client, and says what", () => {
  const mistakes: [string, Partial<ClientOptions>, string][] = [
    ["a header outside of Latin-1", { headers: { "x-user": "\u2603" } }, '"headers"'],
    ["a header that is undefined", { headers: { "x-user": undefined as unknown as string } }, "undefined for"],
    ["a url that is none", { url: 5 as unknown as string }, '"url" to be a text or a URL'],
  ];
  test.each(mistakes)("%s", async (_, options, text) => {
    const kit = await follow(options);
    await kit.clock.advance(100_000);
    expect(kit.server.requests).toHaveLength(0);
    expect(kit.client.status.value).toMatchObject({
      state: "closed",
      reason: "bad-option",
      cause: { code: "bad-option", message: expect.stringContaining(text) as string },
    });
    expect(kit.errors).toHaveLength(1);
    expect(kit.closed).toEqual(["bad-option"]);
  });

  test("also where a page is asked for first, for a state", async () => {
    const kit = createKit({ headers: { "x-user": "\u2603" } });
    const closed: string[] = [];
    for (const address of [lobby, inbox]) {
      const handlers = { snapshot: () => {}, onGap: () => {}, onClose: (reason: string) => closed.push(reason) };
      kit.client.subscribe(address, handlers);
    }
    await kit.clock.advance(0);
    expect(kit.client.status.value).toMatchObject({ state: "closed", reason: "bad-option", cause: kit.errors[0] });
    expect([closed, kit.errors.length]).toEqual([["bad-option", "bad-option"], 1]);
    expect(kit.clock.pending).toBe(0);
  });

  test("a fetch whose bodies are streams of Node", async () => {
    const headers = new Headers({ "content-type": "text/event-stream" });
    const answer = { status: 200, headers, body: { pipe: () => {} } };
    const kit = await follow({ fetch: async () => answer as unknown as Response });
    await kit.clock.advance(100_000);
    expect(kit.client.status.value).toMatchObject({ state: "closed", reason: "bad-option", cause: kit.errors[0] });
    expect(kit.errors.map(({ message }) => message)).toEqual([
      'Expected "fetch" to have bodies with getReader, got others.',
    ]);
    expect(kit.closed).toEqual(["bad-option"]);
  });

  test("a runtime whose fetch has no bodies that stream, such as React Native's", async () => {
    const answer = { status: 200, headers: new Headers({ "content-type": "text/event-stream" }) };
    const kit = createKit({ fetch: async () => answer as unknown as Response });
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(100_000);
    expect(kit.client.status.value).toMatchObject({ state: "closed", reason: "bad-option", cause: kit.errors[0] });
    expect(kit.errors.map(({ message }) => message)).toEqual([
      'Expected "fetch" to have bodies with getReader, got none.',
    ]);
  });

  test("a relative url in Node", async () => {
    const onError = vi.fn<(error: StreamError) => void>();
    const client = createClient(chat, { url: "/events", onError });
    client.subscribe(inbox, { onGap: () => {} });
    await vi.waitFor(() => expect(client.status.value).toMatchObject({ state: "closed", reason: "bad-option" }));
    expect(onError.mock.calls).toMatchObject([
      [{ message: expect.stringContaining('"url" to be absolute here') as string }],
    ]);
  });
});

describe("a runtime without what the client needs closes the client, and says what is missing", () => {
  test.each([
    ["TextDecoder", 'Expected this runtime to have "TextDecoder", got none.'],
    ["fetch", 'Expected this runtime to have "fetch", got none.'],
    ["Headers", '"headers" that HTTP allows, got TypeError: Headers is not a constructor'],
  ])("%s", async (name, text) => {
    const headers = new Headers({ "content-type": "text/event-stream" });
    vi.stubGlobal("fetch", async () => new Response("event: hello\ndata: {}\nid: e.1\n\n", { headers }));
    vi.stubGlobal(name, undefined);
    onTestFinished(() => void vi.unstubAllGlobals());
    const { client, messages } = followForReal({ url: "http://127.0.0.1:9/events" });
    await vi.waitFor(() => expect(client.status.value).toMatchObject({ state: "closed", reason: "bad-option" }));
    expect(messages).toEqual([expect.stringContaining(text)]);
  });

  test("AbortController is told when the client is created", () => {
    vi.stubGlobal("AbortController", undefined);
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(() => createClient(chat, { url: "/events" })).toThrow(
      'Expected this runtime to have "AbortController", got none.',
    );
  });

  test("Request is none of it: an outage stays an outage", async () => {
    vi.stubGlobal("Request", undefined);
    onTestFinished(() => void vi.unstubAllGlobals());
    const { client } = followForReal({ url: "http://127.0.0.1:9/events" });
    await vi.waitFor(() => expect(client.status.value).toMatchObject({ state: "retrying", reason: "network" }));
  });
});

describe("a request that this runtime cannot make closes the client, and says why", () => {
  const own = { url: "http://127.0.0.1:9/events" };
  const mistakes: [string, ClientOptions, string][] = [
    ["ftp", { url: "ftp://example.test/events" }, 'Expected "url" to be absolute here, with http or https, got'],
    [
      "the scheme of a file",
      { url: new URL("file:///events") },
      'Expected "url" to be absolute here, with http or https, got',
    ],
    [
      "a scheme in the place of a host",
      { url: "localhost:3000/events" },
      'Expected "url" to be absolute here, with http or https, got',
    ],
    ["a password in the url", { url: "http://ada:secret@127.0.0.1:9/events" }, "includes credentials"],
    ["credentials that are none", { ...own, credentials: "yes" as "omit" }, "credentials"],
  ];
  test.each(mistakes)("%s", async (_, options, text) => {
    const { client, messages } = followForReal(options);
    await vi.waitFor(() => expect(client.status.value).toMatchObject({ state: "closed", reason: "bad-option" }));
    expect(messages).toEqual([expect.stringContaining(text)]);
  });

  test("a signal of another platform, as in a test that imitates a browser", async () => {
    vi.stubGlobal(
      "AbortController",
      class {
        readonly signal = { aborted: false, throwIfAborted: () => {} };
        abort(): void {
          this.signal.aborted = true;
        }
      },
    );
    onTestFinished(() => void vi.unstubAllGlobals());
    const { client, messages } = followForReal(own);
    await vi.waitFor(() => expect(client.status.value).toMatchObject({ state: "closed", reason: "bad-option" }));
    expect(messages).toEqual([expect.stringContaining("signal")]);
  });

  test("what answers is believed, whatever it is: a fetch that a test puts in place", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      return new Response(null, { status: 204 });
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const { client } = followForReal({ ...own, credentials: "yes" as "omit" });
    await vi.waitFor(() => expect(client.status.value).toMatchObject({ state: "closed", reason: "finished" }));
    expect(asked).toHaveLength(1);
  });

  test("the scheme of the page itself is fine, as in an app whose pages come from tauri://localhost", async () => {
    const asked: string[] = [];
    vi.stubGlobal("location", { href: "tauri://localhost/index.html", protocol: "tauri:" });
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      return new Response(null, { status: 204 });
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    followForReal({ url: "/events" });
    await vi.waitFor(() => expect(asked).toEqual([expect.stringMatching(/^tauri:\/\/localhost\/events\?/)]));
  });

  test("a relative url is relative to the base of the document, as for any fetch", async () => {
    const asked: string[] = [];
    vi.stubGlobal("location", { href: "about:srcdoc", protocol: "about:" });
    vi.stubGlobal("document", { baseURI: "https://example.test/app/" });
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      return new Response(null, { status: 204 });
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    followForReal({ url: "events" });
    await vi.waitFor(() => expect(asked).toEqual([expect.stringMatching(/^https:\/\/example.test\/app\/events\?/)]));
  });
});

describe("a url", () => {
  test("may be a URL, and loses its fragment", async () => {
    const kit = await follow({ url: new URL("https://example.test/events?room=1#top") });
    const { url } = kit.server.stream;
    expect([url.origin, url.pathname, url.hash]).toEqual(["https://example.test", "/events", ""]);
    expect(url.searchParams.get("room")).toBe("1");
    expect(url.searchParams.get("protocol")).toBe("1");
  });
});

describe("headers", () => {
  test("learn that the last ones were refused, for streams and pages alike", async () => {
    const reasons: unknown[] = [];
    const kit = await follow({ headers: ({ reason }) => (reasons.push(reason), {}) });
    kit.server.stream.answer(401);
    await untilNext(kit);
    kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    kit.client.history(inbox).catch(() => {});
    await kit.clock.advance(0);
    expect(reasons).toEqual([null, "unauthenticated", null]);
  });

  test("are asked for once where several requests begin in the same moment", async () => {
    let calls = 0;
    const headers = async () => {
      calls++;
      await Promise.resolve();
      return {};
    };
    const kit = createKit({ headers });
    for (let index = 0; index < 3; index++) kit.client.history(inbox).catch(() => {});
    await kit.clock.advance(0);
    expect([calls, kit.server.pages.length]).toEqual([1, 3]);
  });
});

describe("Retry-After", () => {
  test.each([
    ["a date", (now: number) => new Date(now + 20_000).toUTCString(), 20_000],
    ["more than a day", () => "1e9", 86_400_000],
    ["nonsense", () => "soon", 0],
    ["a date that has passed", (now: number) => new Date(now - 20_000).toUTCString(), 0],
  ])("may be %s", async (_, value, wait) => {
    const kit = await follow();
    kit.server.stream.answer(503, {}, { "retry-after": value(kit.clock.now()) });
    await kit.clock.advance(0);
    const { at } = kit.client.status.value as { at: number };
    const jitter = 1_000;
    expect(Math.abs(at - kit.clock.now() - Math.max(wait, 2_000) - jitter)).toBeLessThanOrEqual(1_000);
  });
});

describe("createClient says at once", () => {
  test.each([
    [{ urll: "/events" }, "Expected an option of createClient (url, headers, credentials, fetch, "],
    [{ url: "/events", connectTimeout: 0 }, 'Expected "connectTimeout" to be more than 0, got 0.'],
    [{ url: "/events", maxEventBytes: Number.NaN }, 'Expected "maxEventBytes" to be more than 0, got NaN.'],
    [{ url: "/events", connectTimeout: "15" }, 'Expected "connectTimeout" to be of the type number, got string.'],
    [{ url: "/events", fetch: null }, 'Expected "fetch" to be of the type function, got null.'],
    [{ url: "/events", onError: true }, 'Expected "onError" to be of the type function, got boolean.'],
    [{ url: "/events", onLog: {} }, 'Expected "onLog" to be of the type function, got object.'],
    [{ url: "/events", random: 0.5 }, 'Expected "random" to be of the type function, got number.'],
    [{ url: "/events", share: true }, 'Expected "share" to be of the type function, got boolean.'],
    [{ url: "/events", clock: null }, 'Expected "clock" to be of the type object, got null.'],
    [{ url: "/events", credentials: true }, 'Expected "credentials" to be of the type string, got boolean.'],
    [{}, 'Expected "url" to be where the hub is, got none.'],
    [{ url: undefined }, 'Expected "url" to be where the hub is, got none.'],
    [undefined, 'Expected "url" to be where the hub is, got none.'],
    [null, 'Expected "url" to be where the hub is, got none.'],
  ])("what is wrong with %j", (options, message) => {
    expect(() => createClient(chat, options as ClientOptions)).toThrow(message);
  });
});
