import { describe, expect, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { lobby, openTestHub, parsePage, said } from "../../test/test-hub.ts";
import type { chat } from "../../test/test-hub.ts";
import type { Decision, HubOptions, Viewer } from "../index.ts";

const LOBBY = "channel=rooms/lobby";

type Authorize = HubOptions<typeof chat, Viewer>["authorize"];

/** `authorize` as plain JavaScript may write it. */
function answering(decision: unknown): Authorize {
  return () => decision as Decision;
}

describe("authorize: no, unless it says yes", () => {
  test.each([
    ["nothing", undefined],
    ["null", null],
    ["false", false],
    ["0", 0],
    ["a string", "yes"],
    ["1", 1],
  ])("%s is a no: 403 for a stream and for a page, and the log is not read", async (_, decision) => {
    const { ask, page, log } = await openTestHub({ authorize: answering(decision) });
    const callsBefore = log.callCount;
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 403 });
    const { status, json } = await page(LOBBY);
    expect([status, json]).toEqual([403, expect.objectContaining({ code: "forbidden", channels: ["rooms/lobby"] })]);
    expect(log.callCount).toBe(callsBefore);
  });

  test.each([
    ["an error", () => Promise.reject(new Error("db"))],
    [
      "a throw",
      () => {
        throw new Error("db");
      },
    ],
  ])("%s refuses the request and is reported, and nothing of it is on the wire", async (_, authorize) => {
    const { ask, log, records } = await openTestHub({ authorize });
    const callsBefore = log.callCount;
    const { status, json } = parsePage(await ask(`${LOBBY}&protocol=1`));
    expect([status, json]).toEqual([
      500,
      { type: "about:blank", title: "Internal Server Error", status: 500, code: "internal" },
    ]);
    expect(records).toContainEqual(expect.objectContaining({ level: "error", event: "request-failed" }));
    expect(log.callCount).toBe(callsBefore);
  });

  test.each([
    [{ allowed: false }],
    [[]],
    [new Date()],
    [{ expiresAt: Number.NaN }],
    [{ expiresAt: "tomorrow" }],
    [{ expiresAt: new Date() }],
  ])("%j is no decision: the request fails", async (decision) => {
    const { ask } = await openTestHub({ authorize: answering(decision) });
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 500 });
  });

  test("a right that has ended does not count", async () => {
    const { ask } = await openTestHub({ authorize: () => ({ expiresAt: 1 }) });
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 403 });
  });

  test("gets the parsed value, once per path, with the viewer", async () => {
    const questions: unknown[] = [];
    const { connect } = await openTestHub({
      authenticate: () => ({ id: "ada" }),
      authorize: (question) => {
        questions.push(question);
        return true;
      },
    });
    await connect(`channel=${encodeURIComponent("rooms/a%2Fb")}&${LOBBY}`);
    expect(questions).toEqual([
      { name: "room", params: { roomId: "a/b" }, path: "rooms/a%2Fb", viewer: { id: "ada" } },
      { name: "room", params: { roomId: "lobby" }, path: "rooms/lobby", viewer: { id: "ada" } },
    ]);
  });
});

describe("refusals are per address", () => {
  const authorize: Authorize = ({ params }) => "roomId" in params && params.roomId === "lobby";
  const QUERY = `${LOBBY}&channel=rooms/secret&channel=nowhere/at/all`;

  test("a stream names them by bye before any event, and goes on for the others", async () => {
    const { connect, say } = await openTestHub({ authorize });
    const [first = ""] = await say("a", "b");
    const { sink } = await connect(`${QUERY}&after=${first}`);
    expect(sink.events.map(({ event }) => event)).toEqual(["hello", "bye", "bye", "rooms/lobby:message"]);
    expect(sink.of("bye").map(({ data }) => data)).toEqual([
      { reason: "forbidden", channels: ["rooms/secret"] },
      { reason: "unknown", channels: ["nowhere/at/all"] },
    ]);
    expect(sink.ended).toBe(false);
  });

  test("a page names them in refused", async () => {
    const { page, say } = await openTestHub({ authorize });
    const [first = ""] = await say("a", "b");
    const { json } = await page(`${QUERY}&after=${first}`);
    expect(json.refused).toEqual({ "rooms/secret": "forbidden", "nowhere/at/all": "unknown" });
    expect(json.events).toHaveLength(1);
  });

  test("if no channel exists, the answer is 404", async () => {
    const { page } = await openTestHub();
    const { status, json } = await page("channel=nowhere/at/all");
    expect([status, json.code, json.channels]).toEqual([404, "unknown-channel", ["nowhere/at/all"]]);
  });
});

describe("authenticate", () => {
  test.each([[null], [undefined], [false]])("%s is 401, before anything else is asked", async (viewer) => {
    let authorizations = 0;
    const { ask, log } = await openTestHub({
      authenticate: () => viewer as null,
      authorize: () => {
        authorizations++;
        return true;
      },
    });
    const reads = log.callCount;
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 401 });
    expect([authorizations, log.callCount]).toEqual([0, reads]);
  });

  test.each([[{}], [true], ["ada"], [{ id: 7 }]])("%j is not a viewer: the request fails", async (viewer) => {
    const { ask } = await openTestHub({ authenticate: () => viewer as never });
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 500 });
  });

  test("expired credentials are 401", async () => {
    const { ask, clock } = await openTestHub({ authenticate: () => ({ id: "ada", expiresAt: clock.now() }) });
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 401 });
  });

  test("a stream says bye when the first of credentials and rights ends, and nothing afterwards", async () => {
    const { connect, clock, say, hub } = await openTestHub({
      authenticate: () => ({ id: "ada", expiresAt: Date.UTC(2026, 0, 2) }),
      authorize: () => ({ expiresAt: Date.UTC(2026, 0, 1) + 30_000 }),
    });
    const { sink } = await connect(LOBBY);
    await clock.advance(31_000);
    await say("late");
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
    expect(sink.ended).toBe(true);
    expect(sink.received).toEqual([]);
    expect(hub.stats().connections).toBe(0);
  });

  test("a stream says bye at once if credentials have ended before it begins", async () => {
    const { connect, clock, say, hub } = await openTestHub({
      authenticate: () => ({ id: "ada", expiresAt: Date.UTC(2026, 0, 1) + 1_000 }),
      authorize: () => new Promise((resolve) => void clock.setTimeout(() => resolve(true), 2_000)),
    });
    const [first = ""] = await say("early");
    const connecting = connect(`${LOBBY}&after=${first}`);
    await say("late");
    await clock.advance(2_000);
    const { sink } = await connecting;
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
    expect([sink.received, sink.ended, hub.stats().connections]).toEqual([[], true, 0]);
  });
});

describe("readableFrom", () => {
  test("hides everything up to it on streams and pages, and is not a gap", async () => {
    let from = "";
    const { connect, page, say } = await openTestHub({
      authorize: () => ({ readableFrom: from }),
      keep: { entries: 3 },
    });
    const ids = await say("a", "b", "c", "d");
    from = ids[2] ?? "";
    for (const query of [`${LOBBY}&after=${ids[0]}`, `${LOBBY}&last=10`, `${LOBBY}@${ids[0]}`]) {
      const { sink } = await connect(query);
      expect(sink.received, query).toEqual([said("d")]);
      expect(sink.of("gap"), query).toEqual([]);
      const { json } = await page(query);
      expect(
        json.events.map(({ data }) => data),
        query,
      ).toEqual([{ text: "d" }]);
      expect([json.gap, json.more], query).toEqual([undefined, false]);
    }
  });

  test("hides older current values, and shows newer ones", async () => {
    let from = "";
    const { hub, connect, page, say } = await openTestHub({ authorize: () => ({ readableFrom: from }) });
    await hub.publish(lobby, "topic", { text: "secret" });
    [from = ""] = await say("ada joins");
    await hub.publish(lobby, "price", { symbol: "x", value: 1 });
    const { sink } = await connect(`${LOBBY}@now`);
    expect(sink.received).toEqual(['rooms/lobby:price {"symbol":"x","value":1}']);
    const { json } = await page(`${LOBBY}&snapshot`);
    expect(json.events.map(({ type }) => type)).toEqual(["price"]);
  });

  test.each([[""], ["yesterday"], ["a.1, a.2"], [1], [null], [{}], [["a.1"]], [{ epoch: "a", seq: 1 }]])(
    "%j is no cursor: the request fails, and the report says what was expected",
    async (readableFrom) => {
      const { page, log, records } = await openTestHub({ authorize: answering({ readableFrom }) });
      const callsBefore = log.callCount;
      expect(await page(`${LOBBY}&snapshot`)).toMatchObject({ status: 500, json: { code: "internal" } });
      expect(log.callCount).toBe(callsBefore);
      expect(records).toContainEqual(
        expect.objectContaining({
          event: "request-failed",
          error: new TypeError(
            'Expected "readableFrom" to be the id of an event, as publish answers it, ' +
              `got ${JSON.stringify(readableFrom)}.`,
          ),
        }),
      );
    },
  );

  test("is the one of the answer, also if the application changes its object before the stream is open", async () => {
    const grant: { readableFrom?: string } = {};
    const { ask, say, hub, clock } = await openTestHub({ authorize: () => grant });
    await hub.publish(lobby, "topic", { text: "secret" });
    const [newest = ""] = await say("a");
    const response = await ask(`${LOBBY}@now`);
    if (!("open" in response)) throw new Error("Expected a stream.");
    grant.readableFrom = newest;
    await hub.recheck({ address: lobby });
    await clock.settle();
    const sink = new BufferSink();
    response.open(sink);
    await clock.settle();
    // The client comes back, and begins within the new bound.
    expect([sink.received, sink.of("bye")]).toEqual([[], [{ data: { reason: "expired" }, id: null }]]);
  });

  test("undefined is no bound", async () => {
    const { page, say } = await openTestHub({ authorize: answering({ readableFrom: undefined }) });
    await say("a");
    expect((await page(`${LOBBY}&last=1`)).json.events).toHaveLength(1);
  });
});
