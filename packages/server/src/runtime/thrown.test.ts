import { describe, expect, test } from "vitest";
import { openTestHub, parsePage } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby&protocol=1";
const PAGE = "channel=rooms/lobby&snapshot";

/** A value that throws whenever anybody looks at it. */
function unreadable(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function fail(): never {
  // oxlint-disable-next-line no-throw-literal -- applications throw anything
  throw unreadable();
}

describe("an error that cannot be read", () => {
  test.each([
    ["authenticate", { authenticate: fail }, LOBBY],
    ["a late authenticate", { authenticate: async () => fail() }, LOBBY],
    ["authorize", { authorize: fail }, LOBBY],
    ["a late authorize", { authorize: async () => fail() }, LOBBY],
    ["a loader", { snapshot: { room: fail } }, PAGE],
    ["a late loader", { snapshot: { room: async () => fail() } }, PAGE],
  ])("of %s is 500 and reported", async (_, options, query) => {
    const { ask, records } = await openTestHub(options);
    const { status, json } = parsePage(await ask(query, { headers: { accept: "application/json" } }));
    expect([status, json.code]).toEqual([500, "internal"]);
    expect(records.map(({ level, event }) => [level, event])).toEqual([["error", expect.any(String)]]);
  });
});
