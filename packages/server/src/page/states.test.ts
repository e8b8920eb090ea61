import { describe, expect, test } from "vitest";
import { openTestHub, parsePage, request } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";

const ROOMS = Array.from({ length: 100 }, (_, index) => `rooms/${index}`);
const QUERY = `${ROOMS.map((path) => `channel=${path}`).join("&")}&snapshot`;

/** A hub whose loads take a tenth of a second. */
async function openSlowHub(bytes: number, load = (): void => {}) {
  const counts = { loads: 0, now: 0, most: 0 };
  const hub = await openTestHub({
    limits: { stateBytes: 1_000 },
    snapshot: {
      room: async () => {
        counts.loads++;
        counts.most = Math.max(counts.most, ++counts.now);
        await new Promise<void>((resolve) => void hub.clock.setTimeout(resolve, 100));
        counts.now--;
        load();
        return { texts: ["x".repeat(bytes)] };
      },
    },
  });
  const gone = new AbortController();
  const asking = hub.hub.handle(request(QUERY, { headers: { accept: "application/json" }, signal: gone.signal }));
  return { hub, counts, gone, asking };
}

describe("a page of many states", () => {
  test("loads eight at a time", async () => {
    const { hub, counts, asking } = await openSlowHub(10);
    await hub.clock.advance(1_300);
    const { status, json } = parsePage(await asking);
    expect([status, Object.keys(json.state ?? {})]).toEqual([200, ROOMS]);
    expect(counts).toEqual({ loads: 100, now: 0, most: 8 });
  });

  test("loads no more when its room is used up; the answer names ten channels that were not loaded", async () => {
    const { hub, counts, asking } = await openSlowHub(900);
    await hub.clock.advance(1_300);
    const { status, json } = parsePage(await asking);
    expect([status, json.code, json.channels]).toEqual([503, "limit", ROOMS.slice(8, 18)]);
    expect(counts.loads).toBe(16);
  });

  test("loads no more for a client that is gone", async () => {
    const { hub, counts, gone, asking } = await openSlowHub(10);
    await hub.clock.advance(100);
    gone.abort();
    await hub.clock.advance(1_300);
    expect(parsePage(await asking).status).toBe(503);
    expect(counts.loads).toBe(16);
  });

  test("loads no more when one load has failed", async () => {
    const { hub, counts, asking } = await openSlowHub(10, () => {
      throw new Error("no database");
    });
    await hub.clock.advance(1_300);
    expect(parsePage(await asking).status).toBe(500);
    expect(counts.loads).toBe(8);
  });
});

describe("loads of many pages", () => {
  async function openLimitedHub(loadTime: (roomId: string) => number) {
    const counts = { loads: 0, now: 0, most: 0 };
    const hub = await openTestHub({
      limits: { stateLoads: 4 },
      snapshot: {
        room: async ({ roomId }) => {
          counts.loads++;
          counts.most = Math.max(counts.most, ++counts.now);
          await new Promise<void>((resolve) => void hub.clock.setTimeout(resolve, loadTime(roomId)));
          counts.now--;
          return { texts: [roomId] };
        },
      },
    });
    const ask = (path: string) => {
      const gone = new AbortController();
      const query = `channel=${path}&snapshot`;
      const options = { headers: { accept: "application/json" }, signal: gone.signal };
      return { gone, answer: hub.hub.handle(request(query, options)).then(parsePage) };
    };
    return { hub, counts, ask };
  }

  test("run few at a time, in all pages together", async () => {
    const { hub, counts, ask } = await openLimitedHub(() => 100);
    const answers = ROOMS.map((path) => ask(path).answer);
    await hub.clock.advance(2_500);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(ROOMS.map(() => 200));
    expect(counts).toEqual({ loads: 100, now: 0, most: 4 });
  });

  test("that are slow keep others waiting for a second at most", async () => {
    const { hub, ask } = await openLimitedHub((roomId) => (Number(roomId) < 4 ? 8_000 : 100));
    for (const path of ROOMS.slice(0, 4)) void ask(path);
    const { answer } = ask("rooms/50");
    await hub.clock.advance(1_100);
    expect((await answer).json.state).toEqual({ "rooms/50": { texts: ["50"] } });
  });

  test("begin only while somebody waits for them, and go on for a client that asks again", async () => {
    const { hub, counts, ask } = await openLimitedHub(() => 800);
    const asked = ROOMS.slice(0, 8).map((path) => ask(path));
    await hub.clock.advance(100);
    for (const { gone } of asked) gone.abort();
    const again = ask("rooms/0");
    await hub.clock.advance(800);
    expect((await again.answer).status).toBe(200);
    expect(counts.loads).toBe(4);
  });
});

test("a page of states whose reader has left reads nothing more of a slow log", async () => {
  class SlowLog extends WatchedLog {
    override async recent(...args: Parameters<WatchedLog["recent"]>): ReturnType<WatchedLog["recent"]> {
      const page = await super.recent(...args);
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, 3_000));
      return page;
    }
  }
  const log = new SlowLog();
  const { hub, clock } = await openTestHub({ log });
  for (const path of ROOMS) {
    const gone = new AbortController();
    const options = { headers: { accept: "application/json" }, signal: gone.signal };
    void hub.handle(request(`channel=${path}&snapshot`, options));
    await clock.settle();
    gone.abort();
  }
  await clock.advance(60_000);
  // So many reads may run at the same time.
  expect(log.calls["recent"]).toBe(16);
});

test("pages whose last state hangs hold 16 megabytes of states at most; the largest is refused", async () => {
  const never = new Promise<never>(() => {});
  const { hub, clock } = await openTestHub({
    snapshot: { room: ({ roomId }) => (roomId === "hung" ? never : { texts: ["x".repeat(1024 * 1024 - 100)] }) },
  });
  const ask = (from: number, count: number) => {
    const paths = ROOMS.slice(from, from + count).map((path) => `channel=${path}`);
    const asking = hub.handle(
      request(`${paths.join("&")}&channel=rooms/hung&snapshot`, { headers: { accept: "application/json" } }),
    );
    return Promise.race([asking.then(parsePage), clock.settle().then(() => null)]);
  };
  const answers = await Promise.all([ask(0, 2), ask(10, 7), ask(20, 6), ask(30, 2)]);
  expect(answers.map((answer) => answer && [answer.status, answer.json.code])).toEqual([
    null,
    [503, "limit"],
    null,
    null,
  ]);
});
