import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { openTestHub, request } from "../../test/test-hub.ts";
import { DEFAULT_LIMITS } from "../index.ts";

const LOBBY = "channel=rooms/lobby";

describe("limits", () => {
  test("are what the README says", async () => {
    const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
    const table = readme.split("## Limits")[1]?.split("|---|---|---|\n")[1]?.split("\n\n")[0] ?? "";
    const documented = table.split("\n").flatMap((row) => {
      const [, names = "", defaults = ""] = row.split("|");
      const numbers = Array.from(defaults.matchAll(/\d[\d,]*/g), ([digits]) => Number(digits.replaceAll(",", "")));
      // A row has one number for each name, in the same order. What follows explains them.
      return Array.from(names.matchAll(/`(\w+)`/g), ([, name = ""], at) => [name, numbers[at]] as const);
    });
    expect(Object.fromEntries(documented)).toEqual(DEFAULT_LIMITS);
  });

  const misspelt: object = { conections: 5 };
  test.each([
    [{ limits: { channels: 0 } }],
    [{ limits: { connections: Number.NaN } }],
    [{ limits: misspelt }],
    [{ heartbeat: 10 }],
    [{ drain: 90_000 }],
    [{ snapshotOverlap: -1 }],
    [{ snapshotOverlap: 60_001 }],
    [{ snapshotOverlap: Number.NaN }],
  ])("%j is a start-up error", async (options) => {
    await expect(openTestHub(options)).rejects.toThrow(TypeError);
  });

  test("channels", async () => {
    const { page } = await openTestHub();
    const many = (count: number) => Array.from({ length: count }, (_, index) => `channel=rooms/${index}`).join("&");
    expect((await page(many(100))).status).toBe(200);
    expect((await page(many(101))).json.code).toBe("bad-request");
  });

  test("the events of a page, of history too, which says that there are more", async () => {
    const { page, say } = await openTestHub({ limits: { pageEvents: 3 } });
    const [first = ""] = await say("1", "2", "3", "4", "5");
    for (const [query, texts] of [
      ["&last=1000", ["3", "4", "5"]],
      [`&after=${first}`, ["2", "3", "4"]],
    ] as const) {
      const { json } = await page(`${LOBBY}${query}`);
      expect(json).toMatchObject({ events: texts.map((text) => ({ data: { text } })), more: true });
    }
  });

  test("the bytes of the URL", async () => {
    const { page } = await openTestHub();
    const { status, json } = await page(`${LOBBY}&x=${"x".repeat(8_192)}`);
    expect([status, json.code]).toEqual([414, "too-large"]);
  });

  test.each(["rooms/%2e", "rooms/a%2fb", "rooms/", "ROOMS%2Flobby", "rooms//lobby", "rooms/a b"])(
    "the path %j is not canonical",
    async (path) => {
      const { page } = await openTestHub();
      const { status } = await page(`channel=${encodeURIComponent(path)}`);
      expect([400, 404]).toContain(status);
    },
  );

  test("streams of one viewer: the newest is let in, and the oldest ends and comes back much later", async () => {
    const { connect, hub } = await openTestHub({
      authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "" }),
      limits: { connectionsPerViewer: 2 },
    });
    const ada = { headers: { authorization: "ada" } };
    const bob = await connect(LOBBY, { headers: { authorization: "bob" } });
    const oldest = await connect(LOBBY, ada);
    const others = [await connect(LOBBY, ada), await connect(LOBBY, ada)];
    expect(oldest.sink.of("bye")).toEqual([{ data: { reason: "limit" }, id: null }]);
    expect(oldest.sink.retries.at(-1)).toBeGreaterThanOrEqual(30_000);
    expect([...others, bob].map(({ sink }) => sink.ended)).toEqual([false, false, false]);
    expect(hub.stats().connections).toBe(3);
  });

  test("waiting pages of one viewer: 429 for our client, a long retry and bye for a native EventSource", async () => {
    const { ask, connect, hub, clock } = await openTestHub({
      authenticate: () => ({ id: "ada" }),
      limits: { connectionsPerViewer: 2 },
    });
    const gone = new AbortController();
    const headers = { accept: "application/json" };
    const waiting = [1, 2].map(() => hub.handle(request(`${LOBBY}&wait=60`, { headers, signal: gone.signal })));
    await clock.settle();
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 429, headers: { "retry-after": "5" } });
    expect(await ask(LOBBY)).toMatchObject({
      status: 200,
      headers: { "content-type": "text/event-stream", "cache-control": "no-store, no-transform" },
      body: 'retry: 10000\nevent: bye\ndata: {"reason":"limit"}\n\n',
    });
    gone.abort();
    await Promise.all(waiting);
    await connect(LOBBY);
    expect(hub.stats().connections).toBe(1);
  });

  test("streams of the process: 503", async () => {
    const { ask, connect } = await openTestHub({ limits: { connections: 1 } });
    await connect(LOBBY);
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
  });

  test("hold for requests that come at the same moment", async () => {
    const { ask, clock, hub } = await openTestHub({
      authenticate: () => ({ id: "ada" }),
      limits: { connectionsPerViewer: 2 },
    });
    const responses = await Promise.all(Array.from({ length: 5 }, () => ask(LOBBY)));
    const writes: string[] = [];
    for (const response of responses) {
      if ("open" in response) {
        response.open({
          write: (bytes) => writes.push(new TextDecoder().decode(bytes)) > 0,
          end: () => writes.push("END"),
        });
      }
    }
    await clock.settle();
    expect(hub.stats().connections).toBe(2);
    expect(writes.filter((text) => text === "END")).toHaveLength(3);
    expect(writes.filter((text) => text.includes('{"reason":"limit"}'))).toHaveLength(3);
  });

  test("every anonymous viewer is a viewer of its own, so only the limit of the process counts", async () => {
    const { connect, hub } = await openTestHub({ limits: { connectionsPerViewer: 1 } });
    await connect(LOBBY);
    await connect(LOBBY);
    expect(hub.stats().connections).toBe(2);
  });

  test("the age of a stream, give or take a tenth", async () => {
    const draws = [0, 0.999];
    const { connect, clock } = await openTestHub({ limits: { maxAge: 100_000 }, random: () => draws[0] ?? 0 });
    const young = await connect(LOBBY);
    draws.shift();
    const old = await connect(LOBBY);
    await clock.advance(91_000);
    expect([young.sink.ended, old.sink.ended]).toEqual([true, false]);
    expect(young.sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
    // The client comes back soon, even if the hello has named a longer retry.
    expect(young.sink.retries).toEqual([1_000, 1_000 + 2_000 * 0.999]);
    await clock.advance(20_000);
    expect(old.sink.ended).toBe(true);
  });

  test.each([5, 10, 15, 30, 60, 300])(
    "with the maxAge of the recipe, a platform that cuts every answer after %i s cuts no stream",
    async (seconds) => {
      // The guide about frameworks says so. Half a second is for the hooks, whose time the platform counts, too.
      const maxAge = 0.9 * (seconds - 2) * 1_000;
      const { connect, clock } = await openTestHub({ limits: { maxAge }, random: () => 0.999 });
      // Streams begin at any time between two looks at their age.
      await clock.advance(1);
      const { sink } = await connect(LOBBY);
      await clock.advance(seconds * 1_000 - 500);
      expect(sink.of("bye")).toEqual([{ data: { reason: "max-age" }, id: null }]);
    },
  );

  test("the retry of each connection is random", async () => {
    let draw = 0;
    const { connect } = await openTestHub({ random: () => (draw = (draw + 0.37) % 1) });
    const streams = await Promise.all(Array.from({ length: 20 }, () => connect(LOBBY)));
    const retries = streams.flatMap(({ sink }) => sink.retries);
    expect(new Set(retries).size).toBeGreaterThan(15);
    for (const retry of retries) expect(retry).toBeGreaterThanOrEqual(500);
    for (const retry of retries) expect(retry).toBeLessThanOrEqual(60_000);
  });

  test("a native EventSource is not sent away for ever by an error that passes", async () => {
    const { ask, log } = await openTestHub();
    log.fails = true;
    expect(await ask(LOBBY)).toMatchObject({ status: 200, body: expect.stringContaining("event: bye") });
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 503 });
  });
});
