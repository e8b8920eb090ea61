import { describe, expect, test } from "vitest";
import { openTestHub, parsePage, request } from "../../test/test-hub.ts";

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
