import { describe, expect, test } from "vitest";
import { chat, createKit, inbox, lobby, type ClientKit } from "../../test/client-kit.ts";
import { follow, untilNext } from "../../test/stream-kit.ts";

test("a function for url or headers that fails is told to onError, and asked again", async () => {
  let calls = 0;
  const kit = await follow({
    headers: () => {
      if (++calls === 1) throw new Error("no token");
      return { authorization: "Bearer x" };
    },
  });
  expect(kit.errors).toMatchObject([{ code: "option-failed", message: expect.stringContaining("no token") as string }]);
  await untilNext(kit);
  expect(kit.server.stream.headers.get("authorization")).toBe("Bearer x");
});

test("url and headers are asked for every attempt", async () => {
  let attempt = 0;
  const kit = await follow({
    url: async () => `/events?try=${++attempt}`,
    headers: () => ({ "x-try": String(attempt) }),
  });
  kit.server.stream.fail();
  await untilNext(kit);
  expect(kit.server.streams.map(({ url, headers }) => [url.searchParams.get("try"), headers.get("x-try")])).toEqual([
    ["1", "1"],
    ["2", "2"],
  ]);
  expect(kit.server.stream.url.searchParams.getAll("channel")).toEqual([inbox.path]);
});

describe("requests", () => {
  test("are plain: a string and an object, never a Request; redirects are the platform's to follow", async () => {
    const given: unknown[] = [];
    const kit = createKit({ credentials: "include", headers: { authorization: "Bearer x" } });
    const { client, clock } = createKit({
      credentials: "include",
      fetch: (...args) => (given.push(args), kit.server.fetch(...args)),
    });
    client.subscribe(lobby, { snapshot: () => {} });
    await clock.advance(0);
    expect(given).toEqual([
      [
        expect.stringMatching(/^\/events\?protocol=1&/),
        expect.not.objectContaining({ redirect: expect.anything() as unknown }),
      ],
      [
        expect.stringMatching(/^\/events\?protocol=1&/),
        expect.objectContaining({ credentials: "include", cache: "no-store" }),
      ],
    ]);
  });

  test("with a list too long for a query travel as POST", async () => {
    const { client, server, clock } = createKit();
    for (let index = 0; index < 80; index++) {
      client.subscribe(chat.inbox({ userId: `${index}${"x".repeat(90)}` }), { onGap: () => {} });
    }
    await clock.advance(0);
    const { init, url, headers, channels } = server.stream;
    expect(init.method).toBe("POST");
    expect(headers.get("content-type")).toBe("application/json");
    expect(url.search).toBe("?protocol=1");
    expect(channels).toHaveLength(80);
    server.stream.live("e.3").end();
    await clock.advance(3_000);
    expect(server.stream.body).toMatchObject({ after: "e.3" });
  });
});

test("the body of a stream is cancelled when the client closes, also by a fetch that ignores the signal", async () => {
  for (const turns of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
    let cancelled = 0;
    const body = () =>
      new ReadableStream({
        pull: () => new Promise(() => {}),
        cancel() {
          cancelled++;
        },
      });
    const kit: ClientKit = createKit({
      async fetch() {
        void closeAfter(turns);
        return new Response(body(), { headers: { "content-type": "text/event-stream" } });
      },
    });
    const closeAfter = async (count: number) => {
      for (let turn = 0; turn < count; turn++) await Promise.resolve();
      kit.client.close();
    };
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(0);
    expect(cancelled, `${turns} turns`).toBe(1);
    expect(kit.clock.pending).toBe(0);
  }
});
