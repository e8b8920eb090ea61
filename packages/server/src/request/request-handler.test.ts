import { describe, expect, test } from "vitest";
import { openTestHub, parsePage, said } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";

describe("the request", () => {
  test.each(["PUT", "DELETE", "PATCH"])("%s is 405", async (method) => {
    const { ask } = await openTestHub();
    expect(await ask(LOBBY, { method })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD, POST, OPTIONS" } });
  });

  test("an Accept that allows neither representation is 406", async () => {
    const { ask } = await openTestHub();
    expect((await ask(LOBBY, { headers: { accept: "text/html" } })).status).toBe(406);
  });

  test.each(["text/event-stream", "application/json"])(
    "HEAD has the headers of %s, no body, and opens nothing",
    async (accept) => {
      const { ask, hub } = await openTestHub();
      const wait = accept === "application/json" ? "&wait=60" : "";
      const response = await ask(`${LOBBY}${wait}`, { method: "HEAD", headers: { accept } });
      expect(response).toMatchObject({
        status: 200,
        body: "",
        headers: { "content-type": accept, vary: expect.stringContaining("Accept") },
      });
      expect(hub.stats().connections).toBe(0);
      expect(await ask("channel=nowhere", { method: "HEAD", headers: { accept } })).toMatchObject({
        status: 404,
        body: "",
      });
    },
  );

  test.each(["/rooms/lobby", "rooms/lobby/", "rooms/:roomId", "rooms/a b"])(
    "the path %j: the answer shows one",
    async (path) => {
      const { ask } = await openTestHub();
      const answer = await ask(`channel=${encodeURIComponent(path)}`);
      expect([answer.status, parsePage(answer).json]).toEqual([
        400,
        expect.objectContaining({
          code: "bad-channel",
          detail: expect.stringContaining("rooms/lobby"),
          channels: [path],
        }),
      ]);
    },
  );

  test("a problem names ten of the channels that caused it, and 256 characters of each", async () => {
    const { ask } = await openTestHub();
    const channels = Array.from({ length: 99 }, (_, index) => [`rooms/${String(index).padEnd(600, "x")}`, null]);
    const answer = await ask("protocol=1", { method: "POST", body: { channels: Object.fromEntries(channels) } });
    expect([answer.status, parsePage(answer).json.channels]).toEqual([
      400,
      channels.slice(0, 10).map(([path]) => String(path).slice(0, 256)),
    ]);
  });

  test.each(["GET", "POST"])(
    "a %s whose URL is too long is told how long it may be, and what may shorten it",
    async (method) => {
      const { ask } = await openTestHub();
      const answer = await ask(`token=${"x".repeat(9_000)}`, { method, body: { channels: { "rooms/lobby": null } } });
      const { status, json } = parsePage(answer);
      expect([status, json.code]).toEqual([414, "too-large"]);
      expect(json.detail).toMatch(
        /^Expected at most 8192 characters of a URL, got 90\d\d; channels may be in a POST\.$/,
      );
    },
  );

  test("a POST names the channels in its body", async () => {
    const { connect, say } = await openTestHub();
    const [first = ""] = await say("a", "b");
    const { sink } = await connect("", { method: "POST", body: { channels: { "rooms/lobby": null }, after: first } });
    expect(sink.received).toEqual([said("b")]);
  });

  test.each([[undefined], [null], ["text"], [[]], [{}], [{ channels: [] }], [{ channels: { "rooms/lobby": 5 } }]])(
    "the body %j is 400",
    async (body) => {
      const { ask } = await openTestHub();
      expect((await ask("protocol=1", { method: "POST", body })).status).toBe(400);
    },
  );

  test.each(["//", "http://", "?", "/events?channel=%", "*"])("the address %j is answered", async (url) => {
    const { hub, clock } = await openTestHub();
    const asking = hub.handle({
      method: "GET",
      url,
      headers: new Headers(),
      json: async () => null,
      signal: new AbortController().signal,
      raw: null,
    });
    await clock.settle();
    expect((await asking).status).toBeGreaterThanOrEqual(400);
  });
});
