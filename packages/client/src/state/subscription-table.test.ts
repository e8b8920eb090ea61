import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectCell } from "../../test/expect-cell.ts";
import type { Item } from "../deliver/item.ts";
import type { Reason } from "../status.ts";
import { StreamError } from "../stream-error.ts";
import { toPosition, type Position } from "./position.ts";
import { NOTHING_YET } from "./retry.ts";
import {
  initialState,
  type ChannelPosition,
  type SubscriptionInputs,
  type SubscriptionState,
  type Traits,
} from "./subscription-state.ts";
import { transition as transitionAt } from "./subscription-table.ts";

type Kind = SubscriptionState["kind"];
type InputName = keyof SubscriptionInputs;

const at = (seq: number, epoch = "e"): Position => {
  const position = toPosition(`${epoch}.${seq}`);
  if (position === null) throw new Error("Expected a position.");
  return position;
};
const eventAt = (position: Position | null): Item => ({
  kind: "event",
  position,
  event: { channel: "c", type: "t", data: null, id: position?.token ?? null },
  isVolatile: position === null,
});

const position: ChannelPosition = { stream: { handled: at(5), carried: at(5) }, reached: at(5) };
const traits: Traits = { channel: "c", wantsState: false, beginsByPage: false, canEnd: false };
const attempts = { ...NOTHING_YET, failures: 3 };
const progress = { traits, cursor: at(3), gaps: [], degraded: null, reported: null, attempts, idle: 0 };
const lastFailure = { state: "retrying", reason: "network", since: 3, at: 7 } as const;
const body = { events: [], cursor: "e.5", more: false };
const part = { ...body, events: [{ channel: "c", type: "a", data: {}, id: "e.5" }], more: true };

/** One example of each state. */
const states: { readonly [Each in Kind]: Extract<SubscriptionState, { kind: Each }> } = {
  paused: { kind: "paused", ...progress, startsAnew: false },
  loading: { kind: "loading", ...progress, startsAnew: false, lastFailure: null },
  delivering: { kind: "delivering", ...progress },
  failed: { kind: "failed", ...progress, startsAnew: false },
  retrying: { kind: "retrying", ...progress, startsAnew: false, lastFailure },
  waiting: { kind: "waiting", ...progress },
  joined: { kind: "joined", ...progress },
  closed: { kind: "closed", shown: { state: "closed", reason: "closed" } },
};

/** One example of each input. */
const inputs: SubscriptionInputs = {
  room: null,
  start: null,
  item: eventAt(at(6)),
  gap: { reason: "trimmed", next: null, now: 0 },
  epoch: at(2),
  moved: null,
  connection: { state: "live" },
  page: { body, now: 0 },
  pageEnd: { body, before: at(3) },
  tooLarge: 8,
  failure: { reason: "network" },
  answer: { item: eventAt(at(4)), isTaken: true },
  retry: { attempts, lastFailure },
  due: null,
  reconnect: null,
  catchUp: null,
  close: { reason: "closed" },
};

/** A transition where the stream stands at `position`. */
function transition<Name extends InputName>(state: SubscriptionState, name: Name, about: SubscriptionInputs[Name]) {
  return transitionAt(state, name, about, position);
}

const kinds = Object.keys(states) as Kind[];
const names = Object.keys(inputs) as InputName[];
const everywhere = (outcome: string) => Object.fromEntries(kinds.map((kind) => [kind, outcome]));

/**
 * The next state and the effects, for every cell in which something happens. In all other cells the state stays as it
 * is.
 */
const TABLE: { readonly [Name in InputName]: { readonly [Each in Kind]?: string } } = {
  room: { paused: "loading: load" },
  start: { waiting: "loading: load" },
  item: { delivering: "delivering: offer", waiting: "loading: load", joined: "joined: offer" },
  gap: {
    loading: "loading: load",
    delivering: "loading: load",
    waiting: "loading: load",
    joined: "joined: gap",
  },
  epoch: { joined: "loading: load" },
  moved: { joined: "waiting" },
  connection: { retrying: "loading: load" },
  page: { loading: "delivering: unpack" },
  pageEnd: { delivering: "joined" },
  tooLarge: { loading: "failed: gap, plan" },
  failure: everywhere("failed: plan"),
  answer: { delivering: "delivering", joined: "joined" },
  retry: { failed: "retrying: wait" },
  due: { retrying: "loading: load" },
  reconnect: { retrying: "loading: load" },
  catchUp: { waiting: "loading: load", joined: "loading: load" },
  close: everywhere("closed: end"),
};

describe("every state answers every input", () => {
  for (const name of names) {
    test.each(kinds)(`${name} in %s`, (kind) => {
      const state = states[kind];
      const next = transition(state, name, inputs[name]);
      expectCell(kind === "closed" ? undefined : TABLE[name][kind], state, next);
    });
  }
});

/** The effect that decides about the next attempt. */
function plan(reason: Reason) {
  return ["plan", { ending: { reason }, attempts }];
}

describe("what one cell cannot show", () => {
  test("a full consumer pauses the subscription at its cursor, from a page and from the stream", () => {
    const full = { item: eventAt(at(6)), isTaken: false };
    expect(transition(states.delivering, "answer", full).state).toEqual(states.paused);
    // What the stream has carried of other channels is covered.
    expect(transition(states.joined, "answer", full).state).toEqual({ ...states.paused, cursor: at(5) });
  });

  test("what has no position cannot be asked for again, so nobody pauses for it", () => {
    const full = { item: eventAt(null), isTaken: false };
    for (const kind of ["joined", "delivering"] as const) {
      expect(transition(states[kind], "answer", full).state).toBe(states[kind]);
    }
  });

  test("a repetition is not offered", () => {
    expect(transition(states.joined, "item", eventAt(at(3))).effects).toEqual([]);
    expect(transition(states.delivering, "item", eventAt(at(2))).effects).toEqual([]);
  });

  test("a page that brings nothing new, although the stream is further, is a failure", () => {
    const stale = { body: { ...body, cursor: "e.3" }, before: at(3) };
    expect(transition(states.delivering, "pageEnd", stale).effects).toEqual([plan("unavailable")]);
  });

  test("a page with more behind it is followed by the next", () => {
    const first = { body: part, before: at(3) };
    const { state, effects } = transition(states.delivering, "pageEnd", first);
    expect(state).toMatchObject({ kind: "loading", attempts: NOTHING_YET });
    expect(effects).toEqual([["load", { after: "e.5", start: null, snapshot: false }]]);
  });

  test("a page that speaks of a refusal, or of a gap, is not delivered", () => {
    const refused = { ...body, refused: { c: "forbidden" as const } };
    const { effects: after } = transition(states.loading, "page", { body: refused, now: 0 });
    expect(after).toEqual([plan("forbidden")]);
    const gap = { ...body, gap: { channels: { c: "reset" as const } } };
    const loading = { ...states.loading, traits: { ...traits, wantsState: true, beginsByPage: true } };
    const { effects } = transition(loading, "page", { body: gap, now: 0 });
    expect(effects).toEqual([["gap", { channel: "c", reason: "reset", after: "e.3" }], plan("gap")]);
  });

  test("the third gap within a minute ends it, after it was told", () => {
    let state: SubscriptionState = states.joined;
    for (const now of [0, 61_000, 62_000]) {
      ({ state } = transition(state, "gap", { reason: "trimmed", next: null, now }));
      expect(state.kind).toBe("joined");
    }
    const { state: last, effects } = transition(state, "gap", {
      reason: "trimmed",
      next: null,
      now: 63_000,
    });
    expect(last.kind).toBe("failed");
    expect(effects).toEqual([["gap", { channel: "c", reason: "trimmed", after: "e.3" }], plan("gap-loop")]);
  });

  test("with a state, a gap starts anew from nothing, and the next page brings the state", () => {
    const joined = { ...states.joined, traits: { ...traits, wantsState: true, beginsByPage: true } };
    const fallen = transition(joined, "gap", { reason: "trimmed", next: null, now: 0 });
    expect(fallen.effects.map(([effect]) => effect)).toEqual(["gap", "plan"]);
    const waiting = transition(fallen.state, "retry", { attempts, lastFailure });
    const { effects } = transition(waiting.state, "due", null);
    expect(effects).toEqual([["load", { after: null, start: "now", snapshot: true }]]);
  });

  test("positions of another epoch cover nothing: the cursor has to cover the position of the stream", () => {
    const elsewhere: ChannelPosition = { stream: { handled: at(1, "f"), carried: at(1, "f") }, reached: at(5) };
    const end = (cursor: string) =>
      transitionAt(states.delivering, "pageEnd", { body: { ...body, cursor }, before: at(3) }, elsewhere);
    expect(end("e.9").state.kind).toBe("loading");
    expect(end("f.1").state.kind).toBe("joined");
  });
});

describe("an end", () => {
  const event = { channel: "rooms/lobby", type: "end", data: null, id: null };
  const end = (where: Position | null): Item => ({ kind: "end", position: where, event });

  test.each(["joined", "delivering"] as const)("that a subscription takes while it is %s closes it", (kind) => {
    for (const item of [end(at(6)), end(null)]) {
      expect(transition(states[kind], "item", item).effects).toEqual([["offer", item]]);
      const { state, effects } = transition(states[kind], "answer", { item, isTaken: true });
      expect(state).toMatchObject({ kind: "closed", shown: { reason: "ended" } });
      expect(effects).toEqual([["end", "ended"]]);
    }
  });

  test("that is a repetition is not offered", () => {
    expect(transition(states.joined, "item", end(at(3))).effects).toEqual([]);
  });

  test("may lie before the position from which a subscription goes on, so the first page is asked about it", () => {
    const first = initialState(at(3), { ...traits, beginsByPage: true, canEnd: true });
    const { state, effects } = transition(first, "room", null);
    expect(effects).toEqual([["load", { after: null, start: "e.3", snapshot: false }]]);
    const page = transition(state, "page", { body: part, now: 0 });
    const next = transition(page.state, "pageEnd", { body: part, before: at(3) });
    expect(next.effects).toEqual([["load", { after: "e.5", start: null, snapshot: false }]]);
  });
});

describe("the status of the connection", () => {
  const waiting = (reason: Reason): SubscriptionState => ({
    ...states.retrying,
    lastFailure: { ...lastFailure, reason },
  });

  test.each(["network", "timeout", "offline", "unauthenticated"] as const)(
    "live ends the wait after %s, and no other status does",
    (reason) => {
      const state = waiting(reason);
      expect(transition(state, "connection", { state: "live" }).state.kind).toBe("loading");
      for (const other of [lastFailure, { state: "connecting" }, { state: "idle" }] as const) {
        expect(transition(state, "connection", other)).toEqual({ state, effects: [] });
      }
    },
  );

  test.each(["unavailable", "unknown", "gap", "bad-response", "draining"] as const)(
    "live does not end the wait after %s",
    (reason) => {
      const state = waiting(reason);
      expect(transition(state, "connection", { state: "live" })).toEqual({ state, effects: [] });
    },
  );

  test("changes nothing in the other states, also after a failure, until it is closed for good", () => {
    for (const kind of kinds.filter((each) => each !== "closed" && each !== "retrying")) {
      const state = { ...states[kind], lastFailure } as SubscriptionState;
      expect(transition(state, "connection", { state: "live" })).toEqual({ state, effects: [] });
      const signedOut = { state: "closed", reason: "unauthenticated" } as const;
      expect(transition(state, "connection", signedOut)).toEqual({ state, effects: [] });
      expect(transition(state, "connection", { state: "closed", reason: "finished" }).state).toMatchObject({
        kind: "closed",
        shown: { reason: "finished" },
      });
    }
  });
});

test("a full consumer goes on from its own cursor, or from the position of the stream if that is not behind it", () => {
  const full = { item: eventAt(at(6)), isTaken: false };
  const pausedAt = (cursor: Position, handled: Position) =>
    transitionAt({ ...states.joined, cursor }, "answer", full, { ...position, stream: { handled, carried: handled } });
  expect(pausedAt(at(5), at(3)).state).toEqual({ ...states.paused, cursor: at(5) });
  expect(pausedAt(at(3), at(1, "f")).state).toEqual({ ...states.paused, cursor: at(1, "f") });
});

describe("after any sequence of inputs", () => {
  const anyPosition = fc
    .record({ epoch: fc.constantFrom("e", "f"), seq: fc.nat(12) })
    .map(({ epoch, seq }) => at(seq, epoch));
  const unreadable = fc.record({
    kind: fc.constant("unreadable" as const),
    position: fc.option(anyPosition),
    data: fc.constant({ channel: "c", type: "t", id: null, data: 5 }),
    error: fc.constant(new StreamError("invalid-data", "Cannot read it.")),
    isEnd: fc.boolean(),
    gap: fc.constantFrom("unreadable" as const, null),
    now: fc.nat(200_000),
  });
  const item = fc.oneof(fc.option(anyPosition).map(eventAt), unreadable);
  const reason = fc.constantFrom("trimmed" as const, "reset" as const, "lost" as const);
  const ending = fc.constantFrom("network" as const, "forbidden" as const, "unknown" as const, "unavailable" as const);
  const page = fc.record(
    {
      events: fc.constant([]),
      cursor: anyPosition.map(({ token }) => token),
      more: fc.boolean(),
      refused: fc.constantFrom({ c: "forbidden" as const }, { d: "forbidden" as const }),
      gap: reason.map((why) => ({ channels: { c: why } })),
    },
    { requiredKeys: ["events", "cursor", "more"] },
  );
  const arbitraries: { readonly [Name in InputName]: fc.Arbitrary<SubscriptionInputs[Name]> } = {
    room: fc.constant(null),
    start: fc.constant(null),
    item,
    gap: fc.record({ reason, next: fc.option(anyPosition), now: fc.nat(200_000) }),
    epoch: anyPosition,
    moved: fc.constant(null),
    connection: fc.constantFrom({ state: "live" as const }, { state: "closed" as const, reason: "closed" as const }),
    page: fc.record({ body: page, now: fc.nat(200_000) }),
    pageEnd: fc.record({ body: page, before: fc.option(anyPosition) }),
    tooLarge: fc.nat(200_000),
    failure: fc.record({ reason: ending }),
    answer: fc.record({ item, isTaken: fc.boolean() }),
    retry: fc.constant(lastFailure).map((each) => ({ attempts, lastFailure: { ...each } })),
    due: fc.constant(null),
    reconnect: fc.constant(null),
    catchUp: fc.constant(null),
    close: fc.constant({ reason: "closed" as const }),
  };
  const input = fc.oneof(
    ...names.map((name) =>
      fc.tuple(fc.constant(name), arbitraries[name] as fc.Arbitrary<SubscriptionInputs[InputName]>),
    ),
  );
  const channel = fc.record({
    stream: fc.record({ handled: fc.option(anyPosition), carried: fc.option(anyPosition) }),
    reached: fc.option(anyPosition),
  });
  const trait = fc.record({
    channel: fc.constant("c"),
    wantsState: fc.boolean(),
    beginsByPage: fc.boolean(),
    canEnd: fc.boolean(),
  });

  test("the laws of a cursor hold", () => {
    const property = fc.property(
      trait,
      fc.option(anyPosition),
      fc.array(fc.tuple(input, channel), { maxLength: 60 }),
      (about, after, steps) => {
        let state = initialState(after, about);
        let ends = 0;
        for (const [[name, what], moved] of steps) {
          const before = state;
          const next: ReturnType<typeof transition> = transitionAt(before, name, what, moved);
          state = next.state;
          const effects = new Map<string, unknown>(next.effects);

          // Closed absorbs.
          if (before.kind === "closed") expect(next).toEqual({ state: before, effects: [] });
          ends += effects.has("end") ? 1 : 0;
          expect(ends).toBe(state.kind === "closed" ? 1 : 0);

          // What begins to load or to wait does it.
          expect(effects.has("load")).toBe(state.kind === "loading" && state !== before);
          expect(effects.has("wait")).toBe(state.kind === "retrying" && before.kind !== "retrying");
          expect(effects.has("plan")).toBe(state.kind === "failed" && state !== before);
          if (effects.has("unpack")) expect(state.kind).toBe("delivering");

          // Nothing that was seen is offered, and nothing is offered where nobody waits for an answer.
          const offered = effects.get("offer") as Item | undefined;
          if (offered !== undefined && state.kind !== "closed") {
            expect(["joined", "delivering"]).toContain(state.kind);
            const { cursor } = state;
            const isRepetition =
              cursor !== null && offered.position?.epoch === cursor.epoch && offered.position.seq <= cursor.seq;
            expect(isRepetition).toBe(false);
          }

          // Within an epoch the cursor goes back only where a gap was told, or an answer says so.
          if (before.kind !== "closed" && state.kind !== "closed" && !effects.has("gap") && name !== "answer") {
            const [from, to] = [before.cursor, state.cursor];
            if (from !== null) expect(to).not.toBeNull();
            if (from !== null && to?.epoch === from.epoch) expect(to.seq).toBeGreaterThanOrEqual(from.seq);
          }

          // No state keeps more gaps than it may have; the third is told, and ends it.
          if (state.kind !== "closed" && state.kind !== "failed") expect(state.gaps.length).toBeLessThanOrEqual(2);
        }
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });
});
