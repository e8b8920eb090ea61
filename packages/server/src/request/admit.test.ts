import { expect, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { bareThenable, patchedPromise } from "../../test/bare-thenable.ts";
import { openTestHub, parsePage } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby&protocol=1";

test.each([
  [{ status: 401 }, 401, "unauthenticated", ["refuse"]],
  [{ status: 403 }, 403, "forbidden", []],
  [{ statusCode: 401 }, 401, "unauthenticated", ["refuse"]],
])("what authenticate throws with %j is %i %s, and no error is reported", async (fields, status, code, reported) => {
  const { ask, records } = await openTestHub({
    authenticate: async () => {
      throw Object.assign(new Error("secret"), fields);
    },
  });
  const { status: answered, json } = parsePage(await ask(LOBBY));
  expect([answered, json.code, records.map(({ event }) => event)]).toEqual([status, code, reported]);
  expect(JSON.stringify(records)).not.toContain("secret");
});

test("a refusal is reported about the viewer who asked, also if authorize changes the object", async () => {
  const { ask, records } = await openTestHub({
    debug: true,
    authenticate: () => ({ id: "ada" }),
    authorize: async ({ viewer }) => {
      Object.assign(viewer, { id: "bob" });
      return false;
    },
  });
  expect((await ask(LOBBY)).status).toBe(403);
  const refused = records.filter(({ event }) => event === "refuse");
  expect(refused.map(({ level, viewer }) => [level, viewer])).toEqual([
    ["debug", "ada"],
    ["warn", "ada"],
  ]);
});

test.each([{ status: 503 }, { statusCode: 503 }])(
  "what authenticate throws with %j is 503 with Retry-After, and reported",
  async (fields) => {
    const error = Object.assign(new Error("secret"), fields);
    const { ask, records } = await openTestHub({ authenticate: () => Promise.reject(error) });
    const answer = await ask(LOBBY);
    const { status, json } = parsePage(answer);
    expect([status, json.code, answer.headers["retry-after"]]).toEqual([503, "unavailable", "5"]);
    expect(JSON.stringify(json)).not.toContain("secret");
    expect(records).toEqual([
      expect.objectContaining({ level: "error", event: "hook-failed", detail: "authenticate", error }),
    ]);
  },
);

test.each([[new Error("no database")], [{ status: 200 }], [{ status: 500 }], ["text"], [null]])(
  "any other failure of authenticate is 500, and reported: %#",
  async (error) => {
    const { ask, records } = await openTestHub({
      authenticate: () => {
        // oxlint-disable-next-line no-throw-literal -- applications throw anything
        throw error;
      },
    });
    const { status, json } = parsePage(await ask(LOBBY));
    expect([status, json.code]).toEqual([500, "internal"]);
    expect(records).toEqual([expect.objectContaining({ level: "error", event: "request-failed", error })]);
  },
);

test.each([bareThenable, patchedPromise])(
  "whatever has a then is waited for, also if that returns nothing: %o",
  async (later) => {
    const { ask } = await openTestHub({
      authenticate: () => later(() => ({ id: "ada" })),
      authorize: () => later(() => true),
    });
    expect(await ask(LOBBY)).toMatchObject({ status: 200 });
  },
);

/** Credentials whose end throws when it is read for the n-th time. */
function unreadableEnd(nth: number) {
  let reads = 0;
  return {
    id: "ada",
    get expiresAt(): number {
      if (++reads === nth) throw new Error("no session");
      return Infinity;
    },
  };
}

test.each([1, 2, 3, 4])(
  "an end of credentials that throws when it is read for the %i. time is 500 and reported, unless nobody reads it",
  async (nth) => {
    const { ask, page, records } = await openTestHub({ authenticate: () => unreadableEnd(nth) });
    const answer = await ask(LOBBY);
    const sink = new BufferSink();
    if ("open" in answer) answer.open(sink);
    expect([answer.status, sink.of("hello").length, records.length]).toEqual(nth > 2 ? [200, 1, 0] : [500, 0, 1]);
    const { status } = await page(LOBBY);
    expect([status, records.length]).toEqual(nth > 2 ? [200, 0] : [500, 2]);
  },
);

test("an end of credentials that cannot be read at a recheck ends the stream, and is reported", async () => {
  const { hub, clock, connect, records } = await openTestHub({ authenticate: () => unreadableEnd(3) });
  const { sink } = await connect(LOBBY);
  await hub.recheck({ viewer: "ada" });
  await clock.settle();
  expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
  expect(records).toMatchObject([{ level: "error", event: "hook-failed", detail: "authorize" }]);
});
