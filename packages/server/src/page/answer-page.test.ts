import { describe, expect, test } from "vitest";
import { lobby, openTestHub, parsePage, request } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";

const LOBBY = "channel=rooms/lobby";
const JSON_HEADERS = { accept: "application/json" };

describe("snapshots (law 8)", () => {
  test("what is published while the state loads comes after it, and the position is after both", async () => {
    let publish = async (): Promise<unknown> => null;
    const { page, hub, say, connect } = await openTestHub({
      snapshotOverlap: 0,
      snapshot: {
        room: async () => {
          await publish();
          return { texts: ["a", "b"] };
        },
      },
    });
    await say("a");
    publish = () => hub.publish(lobby, "message", { text: "b" });
    const { json } = await page(`${LOBBY}&snapshot`);
    expect(json.state).toEqual({ "rooms/lobby": { texts: ["a", "b"] } });
    expect(json.events.map(({ data }) => data)).toEqual([{ text: "b" }]);
    expect(json.cursor).toBe(json.events[0]?.id);
    const { sink } = await connect(`${LOBBY}&after=${json.cursor}`);
    expect(sink.received).toEqual([]);
  });

  test("requests at the same time share one load, unless the viewers may read different parts", async () => {
    const loads: ((state: { texts: string[] }) => void)[] = [];
    const { hub, clock } = await openTestHub({
      authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "" }),
      authorize: ({ viewer }) => (viewer.id === "new" ? { readableFrom: "e.5" } : true),
      snapshot: { room: () => new Promise((resolve) => void loads.push(resolve)) },
    });
    const asking = ["ada", "bob", "new"].map((authorization) =>
      hub.handle(request(`${LOBBY}&snapshot`, { headers: { ...JSON_HEADERS, authorization } })),
    );
    await clock.settle();
    for (const finish of loads) finish({ texts: [] });
    await clock.settle();
    await Promise.all(asking);
    expect(loads).toHaveLength(2);
  });

  test("authorize is asked again about the viewer who asked, also if the application changes its object", async () => {
    const viewer = { id: "ada" };
    let questions = 0;
    const { page, hub, clock } = await openTestHub({
      authenticate: () => viewer,
      authorize: () => ++questions === 1,
      snapshot: {
        room: async () => {
          viewer.id = "bob";
          await hub.recheck({ viewer: "ada" });
          // The command comes while the state loads.
          await new Promise<void>((resolve) => clock.defer(resolve));
          return { texts: ["secret"] };
        },
      },
    });
    const { status, json } = await page(`${LOBBY}&snapshot`);
    expect([status, json.state, questions]).toEqual([403, undefined, 2]);
  });

  test("is made again within a new bound, also if the application keeps its grant and changes it", async () => {
    const grant: { readableFrom?: string } = {};
    const scopes: (string | null)[] = [];
    const { page, hub, clock, say } = await openTestHub({
      authorize: () => grant,
      snapshot: {
        room: async (_, { readableFrom }) => {
          scopes.push(readableFrom);
          grant.readableFrom = newest;
          await hub.recheck({ address: lobby });
          // The command comes while the state loads.
          await new Promise<void>((resolve) => clock.defer(resolve));
          return { texts: [] };
        },
      },
    });
    const [, newest = ""] = await say("secret", "newest");
    const { status, json } = await page(`${LOBBY}&snapshot`);
    expect([status, json.events, scopes]).toEqual([200, [], [null, newest]]);
  });

  test("a state that loads longer than the right lasts is shown only if authorize allows it again", async () => {
    let rights = 1;
    const { hub, clock } = await openTestHub({
      authorize: () => rights-- > 0 && { expiresAt: clock.now() + 1_000 },
      snapshot: {
        room: () => new Promise((resolve) => void clock.setTimeout(() => resolve({ texts: ["secret"] }), 3_000)),
      },
    });
    const ask = (signal?: AbortSignal) =>
      hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS, ...(signal && { signal }) }));
    const refused = ask();
    await clock.advance(3_000);
    const { status, json } = parsePage(await refused);
    expect([status, json.state]).toEqual([403, undefined]);
    rights = 2;
    const allowed = ask();
    await clock.advance(3_000);
    expect(parsePage(await allowed).json.state).toEqual({ "rooms/lobby": { texts: ["secret"] } });
  });

  test.each([
    ["at once", 0],
    ["as slowly as the state loads", 100],
  ])(
    "are answered although the room is rechecked faster than its state loads; authorize answers %s",
    async (_, delay) => {
      let loads = 0;
      const later = <Answer>(answer: Answer, milliseconds: number) =>
        new Promise<Answer>((resolve) => void clock.setTimeout(() => resolve(answer), milliseconds));
      const { hub, clock } = await openTestHub({
        authorize: () => (delay === 0 ? true : later(true, delay)),
        snapshot: {
          room: () => {
            loads++;
            return later({ texts: ["a"] }, 100);
          },
        },
      });
      let status = 0;
      void hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS })).then((answer) => ({ status } = answer));
      for (let time = 0; time < 500; time += 50) {
        await hub.recheck({ address: lobby });
        await clock.advance(50);
      }
      expect([status, loads]).toEqual([200, 1]);
    },
  );

  test("are made again when the log was replaced while authorize was asked again", async () => {
    const log = new WatchedLog();
    let allow: () => void = () => expect.fail("Expected authorize to be asked again.");
    let isSlow = false;
    let load: (state: { texts: string[] }) => void = () => {};
    const { hub, clock, say } = await openTestHub({
      log,
      authorize: () => (isSlow ? new Promise<boolean>((resolve) => (allow = () => resolve(true))) : true),
      snapshot: { room: () => new Promise((resolve) => (load = resolve)) },
    });
    await say("lost");
    const asking = hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS }));
    await clock.settle();
    await hub.recheck({ address: lobby });
    isSlow = true;
    load({ texts: ["lost"] });
    await clock.settle();
    log.lose();
    isSlow = false;
    allow();
    await clock.settle();
    load({ texts: ["kept"] });
    const { state } = parsePage(await asking).json as { state: unknown };
    expect(state).toEqual({ [lobby.path]: { texts: ["kept"] } });
  });

  test("are given up when authorize allows something else each time", async () => {
    let seq = 0;
    const { hub, clock } = await openTestHub({
      authorize: () => ({ readableFrom: `e.${seq++}` }),
      snapshot: {
        room: () => new Promise((resolve) => void clock.setTimeout(() => resolve({ texts: ["a"] }), 100)),
      },
    });
    const asking = hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS }));
    for (let time = 0; time < 1_000; time += 50) {
      await hub.recheck({ address: lobby });
      await clock.advance(50);
    }
    expect(parsePage(await asking)).toMatchObject({ status: 503, json: { code: "unavailable" } });
  });

  test("a load that began before the log was replaced is repeated", async () => {
    const loads: ((state: { texts: string[] }) => void)[] = [];
    const log = new WatchedLog();
    const room = () => new Promise<{ texts: string[] }>((resolve) => void loads.push(resolve));
    const { ask, say, clock } = await openTestHub({ log, snapshotOverlap: 0, snapshot: { room } });
    await say("a", "b");
    const first = ask(`${LOBBY}&snapshot`, { headers: JSON_HEADERS });
    await clock.settle();
    log.lose();
    const [after] = await say("c");
    const second = ask(`${LOBBY}&snapshot`, { headers: JSON_HEADERS });
    await clock.settle();
    // An event that only the new log has is neither in this state nor after the new log's head.
    loads.shift()?.({ texts: ["a", "b"] });
    await clock.settle();
    loads.shift()?.({ texts: ["a", "b", "c"] });
    const answers = [parsePage(await first), parsePage(await second)].map(({ json }) => [json.cursor, json.state]);
    const renewed = [after, { "rooms/lobby": { texts: ["a", "b", "c"] } }];
    expect(answers).toEqual([renewed, renewed]);
  });

  test("a channel without one is 404, and the log is not read", async () => {
    const { page, log } = await openTestHub();
    const callsBefore = log.callCount;
    const { status, json } = await page("channel=users/ada/inbox&snapshot");
    expect([status, json.code, json.channels]).toEqual([404, "no-snapshot", ["users/ada/inbox"]]);
    expect(log.callCount).toBe(callsBefore);
  });

  test.each([
    ["a loader that throws", () => Promise.reject(new Error("secret of the database"))],
    ["a state that does not fit", () => ({ texts: [5] as never })],
  ])("%s is a 500 without details, and reported", async (_, room) => {
    const { page, records } = await openTestHub({ snapshot: { room } });
    const { status, json } = await page(`${LOBBY}&snapshot`);
    expect([status, JSON.stringify(json)]).toEqual([500, expect.not.stringContaining("secret")]);
    expect(records).toContainEqual(expect.objectContaining({ event: "hook-failed", detail: "snapshot" }));
  });
});

test("when the log does not answer a page is 503, and the client is told to come back", async () => {
  const { page, log } = await openTestHub();
  log.fails = true;
  expect(await page(LOBBY)).toMatchObject({
    status: 503,
    headers: { "retry-after": "5" },
    json: { code: "unavailable" },
  });
});
