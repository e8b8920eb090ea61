import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LoggedChannel } from "../../test/logged-channel.ts";
import { anyMoves, assertLaw, assertSame, isNoticed, move, withCell, type Move } from "../../test/model.ts";
import { LIVE } from "../status.ts";
import type { Ending } from "./ending.ts";
import type { Traits } from "./subscription-state.ts";
import { transition } from "./subscription-table.ts";
import { to } from "./table.ts";

type Table = typeof transition;

const nothing = fc.constant(null);
const failure = fc.constantFrom<Ending>(
  { reason: "network" },
  { reason: "unavailable" },
  { reason: "unknown" },
  { reason: "forbidden" },
);

/** A move after which the subscription is compared with what its consumer has seen. */
function channelMove<Drawn>(
  name: string,
  drawn: fc.Arbitrary<Drawn>,
  run: (channel: LoggedChannel, drawn: Drawn) => void,
  isPossible?: (channel: LoggedChannel) => boolean,
): Move<LoggedChannel, object> {
  return move(
    name,
    drawn,
    (channel: LoggedChannel, _, about) => {
      run(channel, about);
      channel.expectTruth();
    },
    isPossible,
  );
}

const moves = [
  channelMove("publish", fc.boolean(), (channel, isOwn) => channel.entries.push(isOwn)),
  channelMove(
    "the stream brings an entry",
    nothing,
    (channel) => channel.carry(),
    ({ isConnected }) => isConnected,
  ),
  channelMove(
    "heartbeat",
    nothing,
    (channel) => channel.beat(),
    ({ isConnected }) => isConnected,
  ),
  channelMove("the stream breaks", nothing, (channel) => channel.disconnect()),
  channelMove("the stream goes on", nothing, (channel) => channel.connect()),
  channelMove("another stream follows", nothing, (channel) => channel.moveToOtherStream()),
  channelMove(
    "the page comes",
    fc.record({ size: fc.integer({ min: 1, max: 3 }), isOld: fc.boolean() }),
    (channel, { size, isOld }) => channel.bringPage(size, isOld),
    ({ pages }) => pages.size > 0,
  ),
  channelMove(
    "the page fails",
    failure,
    (channel, ending) => {
      const [asked] = channel.pages;
      channel.input("failure", ending);
      assertLaw("what has failed is not waited for", !asked || !channel.pages.has(asked));
    },
    ({ pages }) => pages.size > 0,
  ),
  channelMove(
    "the pause is over",
    fc.constantFrom("due" as const, "reconnect" as const),
    (channel, input) => {
      channel.input(input, null);
      assertLaw("the pause is over", !channel.isPausing);
    },
    ({ isPausing }) => isPausing,
  ),
  channelMove("the consumer has room", fc.nat(2), (channel, room) => {
    channel.consumer.room = room;
    channel.input("room", null);
  }),
];

const trim = channelMove("trim", fc.constantFrom(1_000, 61_000), (channel, later) => {
  channel.now += later;
  channel.trimmed = channel.entries.length;
});
const close = channelMove("close", nothing, (channel) => {
  channel.input("close", { reason: "closed" });
  assertSame("its status", channel.status.state, "closed");
});

const plain: Traits = { channel: "c", wantsState: false, beginsByPage: false, canEnd: false };
const withValues: Traits = { ...plain, beginsByPage: true };
const withState: Traits = { ...withValues, wantsState: true };

/** After any moves, the consumer has got what it is owed. When nothing fails any more, it gets the rest. */
function keepsItsPromise(table: Table, traits: Traits) {
  // What ends everything, or most of it, is rare.
  return anyMoves(
    [...moves, ...moves, ...moves, trim, close],
    () => ({ model: new LoggedChannel(table, traits), real: {} }),
    (channel) => channel.settle(),
  );
}

test.each([
  ["events", plain],
  ["events and current values", withValues],
  ["a state and events", withState],
])(
  "a consumer of %s gets everything once and in order, and hears of what is lost before what is newer",
  (_, traits) => {
    fc.assert(keepsItsPromise(transition, traits), { numRuns: 200 });
  },
);

describe("the model notices a table", () => {
  const answered = [
    ["room", "paused"],
    ["start", "waiting"],
    ["item", "delivering"],
    ["item", "joined"],
    ["gap", "joined"],
    ["moved", "joined"],
    ["page", "loading"],
    ["pageEnd", "delivering"],
    ["failure", "loading"],
    ["answer", "delivering"],
    ["answer", "joined"],
    ["retry", "failed"],
    ["due", "retrying"],
    ["reconnect", "retrying"],
    ["connection", "retrying"],
    ["close", "joined"],
  ] as const;
  test.each(answered)("that ignores %s in %s", (input, kind) => {
    const table = withCell(transition, input, kind);
    expect(isNoticed(keepsItsPromise(table, plain)) || isNoticed(keepsItsPromise(table, withState))).toBe(true);
  });

  const wish = { after: null, start: "now", snapshot: false };
  const wrong: readonly (readonly [string, Table])[] = [
    ["offers a repetition", withCell(transition, "item", "joined", (state, item) => to(state, ["offer", item]))],
    [
      "moves the cursor before the consumer has taken the item",
      withCell(transition, "item", "joined", (state, item) =>
        to({ ...state, cursor: item.position ?? state.cursor }, ["offer", item]),
      ),
    ],
    [
      "goes on without what the consumer has not taken",
      withCell(transition, "answer", "joined", (state, { item }) => to({ ...state, cursor: item.position })),
    ],
    [
      "joins a stream that is ahead of its pages",
      withCell(transition, "pageEnd", "delivering", (state) => to({ ...state, kind: "joined" })),
    ],
    [
      "asks for a page that it does not wait for",
      withCell(transition, "start", "waiting", (state) => to(state, ["load", wish])),
    ],
    [
      "forgets why its page has failed",
      withCell(transition, "due", "retrying", (state) =>
        to({ ...state, kind: "loading", lastFailure: null }, ["load", wish]),
      ),
    ],
    ["ends twice", withCell(transition, "close", "closed", (state) => to(state, ["end", "closed"]))],
  ];
  test.each(wrong)("that %s", (_, table) => {
    expect(isNoticed(keepsItsPromise(table, plain))).toBe(true);
  });
});

test("the model shows a subscription that is live", () => {
  const channel = new LoggedChannel(transition, plain);
  channel.settle();
  expect(channel.status).toEqual(LIVE);
});
