import { describe, expect, test } from "vitest";
import { openTestHub, parsePage } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby&protocol=1";
const PAGE = "channel=rooms/lobby&snapshot";

/** A value that throws whenever anybody looks at it. */
function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const UNREADABLE: readonly (readonly [string, () => unknown])[] = [
  ["a proxy that was revoked", revoked],
  [
    "a proxy that throws such a one",
    () =>
      new Proxy(new Error("x"), {
        getPrototypeOf: () => fail(revoked),
      }),
  ],
  ["an error whose members throw such a one", () => Object.defineProperties(new Error("x"), THROWING)],
];
const THROWING = Object.fromEntries(["message", "status"].map((name) => [name, { get: () => fail(revoked) }]));

function fail(make: () => unknown): never {
  // oxlint-disable-next-line no-throw-literal -- applications throw anything
  throw make();
}

describe.each(UNREADABLE)("%s", (_, make) => {
  const failNow = () => fail(make);
  const failLater = async () => fail(make);
  test.each([
    ["authenticate", { authenticate: failNow }, LOBBY],
    ["a late authenticate", { authenticate: failLater }, LOBBY],
    ["authorize", { authorize: failNow }, LOBBY],
    ["a late authorize", { authorize: failLater }, LOBBY],
    ["a loader", { snapshot: { room: failNow } }, PAGE],
    ["a late loader", { snapshot: { room: failLater } }, PAGE],
  ])("thrown by %s is 500 and reported", async (__, options, query) => {
    const { ask, records } = await openTestHub(options);
    const { status, json } = parsePage(await ask(query, { headers: { accept: "application/json" } }));
    expect([status, json.code]).toEqual([500, "internal"]);
    expect(records.map(({ level, event }) => [level, event])).toEqual([["error", expect.any(String)]]);
  });
});
