import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Item } from "../deliver/item.ts";
import { toPosition, type Position } from "./position.ts";
import {
  initialState,
  statusOf,
  transition,
  type ChannelPosition,
  type PageWish,
  type SubscriptionInputs,
  type SubscriptionState,
  type Traits,
} from "./subscription-state.ts";

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

const traits: Traits = { channel: "c", wantsState: false, beginsByPage: false };
const stream: ChannelPosition = { stream: { handled: at(5), carried: at(5) }, reached: at(5) };
const progress = { cursor: at(3), gaps: [], startsAnew: false, trouble: null };
const trouble = { state: "retrying", reason: "network", at: 7 } as const;
const pause = { milliseconds: 1_000 };
const wish: PageWish = { after: at(3), start: null, wantsState: false };
const body = { events: [], cursor: "e.5", more: false };

/** One example of each state. */
const states: { readonly [Each in Kind]: Extract<SubscriptionState, { kind: Each }> } = {
  paused: { kind: "paused", progress },
  loading: { kind: "loading", progress, wish },
  delivering: { kind: "delivering", progress, end: at(5), more: false, before: at(3) },
  failed: { kind: "failed", progress, reason: "network" },
  retrying: { kind: "retrying", progress: { ...progress, trouble }, pause },
  waiting: { kind: "waiting", progress },
  joined: { kind: "joined", progress },
  closed: { kind: "closed", reason: "closed" },
};

/** One example of each input. */
const inputs: SubscriptionInputs = {
  room: null,
  start: null,
  item: eventAt(at(6)),
  gap: { reason: "trimmed", next: null, now: 0 },
  epoch: at(2),
  refused: "unknown",
  live: null,
  page: { body, refused: null, gap: null, end: at(5), now: 0 },
  pageItem: eventAt(at(4)),
  pageEnd: null,
  failure: { reason: "network" },
  answer: { item: eventAt(at(4)), isTaken: true },
  plan: { trouble, pause },
  due: null,
  close: "closed",
};

const kinds = Object.keys(states) as Kind[];
const names = Object.keys(inputs) as InputName[];
const everywhere = (outcome: string) => Object.fromEntries(kinds.map((kind) => [kind, outcome]));

/** The next state and the effects, for every cell in which something happens. In all other cells the state stays as it is. */
const TABLE: { readonly [Name in InputName]: { readonly [Each in Kind]?: string } } = {
  room: { paused: "loading: load" },
  start: { waiting: "loading: load" },
  item: { waiting: "loading: load", joined: "joined: offer" },
  gap: {
    loading: "loading: load",
    delivering: "loading: load",
    retrying: "loading: load",
    waiting: "loading: load",
    joined: "joined: tellGap",
  },
  epoch: { joined: "loading: load" },
  refused: everywhere("failed: plan"),
  live: { retrying: "loading: load" },
  page: { loading: "delivering: unpack" },
  pageItem: { delivering: "delivering: offer" },
  pageEnd: { delivering: "joined: recover" },
  failure: { loading: "failed: plan" },
  answer: { delivering: "delivering", joined: "joined" },
  plan: { failed: "retrying: wait" },
  due: { retrying: "loading: load" },
  close: everywhere("closed: end"),
};

function go<Name extends InputName>(state: SubscriptionState, name: Name, about: SubscriptionInputs[Name]) {
  return transition(state, name, about, traits, stream);
}

describe("every state answers every input", () => {
  for (const name of names) {
    test.each(kinds)(`${name} in %s`, (kind) => {
      const state = states[kind];
      const next = go(state, name, inputs[name]);
      const expected = kind === "closed" ? undefined : TABLE[name][kind];
      if (expected === undefined) {
        expect(next).toEqual({ state, effects: [] });
        expect(next.state).toBe(state);
      } else {
        const effects = next.effects.map(([effect]) => effect).join(", ");
        expect(effects ? `${next.state.kind}: ${effects}` : next.state.kind).toBe(expected);
      }
    });
  }
});

describe("what one cell cannot show", () => {
  test("a full consumer pauses the subscription at its cursor, from a page and from the stream", () => {
    const full = { item: eventAt(at(6)), isTaken: false };
    expect(go(states.delivering, "answer", full).state).toEqual({ kind: "paused", progress });
    // What the stream has carried of other channels is covered.
    expect(go(states.joined, "answer", full).state).toEqual({
      kind: "paused",
      progress: { ...progress, cursor: at(5) },
    });
  });

  test("what has no position cannot be asked for again, so nobody pauses for it", () => {
    const full = { item: eventAt(null), isTaken: false };
    for (const kind of ["joined", "delivering"] as const) {
      expect(go(states[kind], "answer", full).state).toBe(states[kind]);
    }
  });

  test("a repetition is not offered", () => {
    expect(go(states.joined, "item", eventAt(at(3))).effects).toEqual([]);
    expect(go(states.delivering, "pageItem", eventAt(at(2))).effects).toEqual([]);
  });

  test("a page that brings nothing new, although the stream is further, is a failure", () => {
    const stale = { ...states.delivering, end: at(3) };
    expect(go(stale, "pageEnd", null).effects).toEqual([["plan", { reason: "unavailable" }]]);
  });

  test("a page with more behind it is followed by the next", () => {
    const { state, effects } = go({ ...states.delivering, more: true }, "pageEnd", null);
    expect(state).toMatchObject({ kind: "loading", wish: { after: at(5), start: null } });
    expect(effects.map(([effect]) => effect)).toEqual(["recover", "load"]);
  });

  test("without a plan it closes for the reason of the failure", () => {
    expect(go({ ...states.failed, reason: "forbidden" }, "plan", null)).toEqual({
      state: { kind: "closed", reason: "forbidden" },
      effects: [["end", "forbidden"]],
    });
  });

  test("the third gap within a minute ends it, after it was told", () => {
    let state: SubscriptionState = states.joined;
    for (const now of [0, 61_000, 62_000]) {
      ({ state } = go(state, "gap", { reason: "trimmed", next: null, now }));
      expect(state.kind).toBe("joined");
    }
    const { state: last, effects } = go(state, "gap", { reason: "trimmed", next: null, now: 63_000 });
    expect(last).toEqual({ kind: "closed", reason: "gap-loop" });
    expect(effects.map(([effect]) => effect)).toEqual(["tellGap", "end"]);
  });

  test("with a state, a gap starts anew from nothing, and the next page brings the state", () => {
    const about = { ...traits, wantsState: true, beginsByPage: true };
    const fallen = transition(states.joined, "gap", { reason: "trimmed", next: null, now: 0 }, about, stream);
    expect(fallen.effects.map(([effect]) => effect)).toEqual(["tellGap", "plan"]);
    const waiting = transition(fallen.state, "plan", { trouble, pause }, about, stream);
    expect(transition(waiting.state, "due", null, about, stream).state).toMatchObject({
      kind: "loading",
      wish: { after: null, start: "now", wantsState: true },
    });
  });

  test("positions of another epoch cover nothing: once the stream has left it, the cursor has to cover where that stands", () => {
    const left: ChannelPosition = { stream: { handled: at(1, "f"), carried: at(1, "f") }, reached: at(5) };
    const arrived = { ...states.delivering, end: at(9), before: at(3) };
    expect(transition(arrived, "pageEnd", null, traits, left).state.kind).toBe("loading");
    const covering = { ...states.delivering, end: at(1, "f"), before: at(3) };
    expect(transition(covering, "pageEnd", null, traits, left).state.kind).toBe("joined");
  });

  test("the status is the connection's own, but for a refused address", () => {
    const live = { state: "live" } as const;
    const unknown = { ...trouble, reason: "unknown" } as const;
    expect(statusOf(states.joined, live)).toEqual(live);
    expect(statusOf(states.joined, trouble)).toEqual(trouble);
    expect(statusOf({ ...states.joined, progress: { ...progress, cursor: null } }, live).state).toBe("connecting");
    expect(statusOf({ ...states.retrying, progress: { ...progress, trouble: unknown } }, trouble)).toEqual(unknown);
    expect(statusOf(states.closed, live)).toEqual({ state: "closed", reason: "closed" });
  });
});

describe("after any sequence of inputs", () => {
  const position = fc
    .record({ epoch: fc.constantFrom("e", "f"), seq: fc.nat(12) })
    .map(({ epoch, seq }) => at(seq, epoch));
  const item = fc.option(position).map(eventAt);
  const reason = fc.constantFrom("trimmed" as const, "reset" as const, "lost" as const);
  const ending = fc.constantFrom("network" as const, "forbidden" as const, "unknown" as const, "unavailable" as const);
  const arbitraries: { readonly [Name in InputName]: fc.Arbitrary<SubscriptionInputs[Name]> } = {
    room: fc.constant(null),
    start: fc.constant(null),
    item,
    gap: fc.record({ reason, next: fc.option(position), now: fc.nat(200_000) }),
    epoch: position,
    refused: ending,
    live: fc.constant(null),
    page: fc.record({
      body: fc.record({ events: fc.constant([]), cursor: fc.constant("e.1"), more: fc.boolean() }),
      refused: fc.option(ending, { freq: 9 }),
      gap: fc.option(reason, { freq: 4 }),
      end: fc.option(position),
      now: fc.nat(200_000),
    }),
    pageItem: item,
    pageEnd: fc.constant(null),
    failure: fc.record({ reason: ending }),
    answer: fc.record({ item, isTaken: fc.boolean() }),
    plan: fc.option(fc.constant({ trouble, pause })),
    due: fc.constant(null),
    close: fc.constant("closed" as const),
  };
  const input = fc.oneof(
    ...names.map((name) =>
      fc.tuple(fc.constant(name), arbitraries[name] as fc.Arbitrary<SubscriptionInputs[InputName]>),
    ),
  );
  const channel = fc.record({
    stream: fc.record({ handled: fc.option(position), carried: fc.option(position) }),
    reached: fc.option(position),
  });
  const trait = fc.record({ channel: fc.constant("c"), wantsState: fc.boolean(), beginsByPage: fc.boolean() });

  test("the laws of a cursor hold", () => {
    const property = fc.property(
      trait,
      fc.option(position),
      fc.array(fc.tuple(input, channel), { maxLength: 60 }),
      (about, after, steps) => {
        let state = initialState(after, about);
        let ends = 0;
        for (const [[name, what], where] of steps) {
          const before = state;
          const next = transition(before, name, what, about, where);
          state = next.state;
          const effects = new Map<string, unknown>(next.effects);

          // Closed absorbs.
          if (before.kind === "closed") expect(next).toEqual({ state: before, effects: [] });
          ends += effects.has("end") ? 1 : 0;
          expect(ends).toBe(state.kind === "closed" ? 1 : 0);

          // What a state has begun belongs to it.
          expect(state.kind === "loading" && state !== before ? effects.get("load") : undefined).toBe(
            state.kind === "loading" && state !== before ? state.wish : undefined,
          );
          expect(effects.has("wait")).toBe(state.kind === "retrying" && before.kind !== "retrying");
          expect(effects.has("plan")).toBe(state.kind === "failed" && state !== before);
          if (effects.has("unpack")) expect(state.kind).toBe("delivering");

          // Nothing that was seen is offered, and nothing is offered where nobody waits for an answer.
          const offered = effects.get("offer") as Item | undefined;
          if (offered !== undefined && state.kind !== "closed") {
            expect(["joined", "delivering"]).toContain(state.kind);
            const { cursor } = state.progress;
            const isRepetition =
              cursor !== null && offered.position?.epoch === cursor.epoch && offered.position.seq <= cursor.seq;
            expect(isRepetition).toBe(false);
          }

          // Within an epoch the cursor goes back only where a gap was told, or an answer says so.
          if (before.kind !== "closed" && state.kind !== "closed" && !effects.has("tellGap") && name !== "answer") {
            const [from, to] = [before.progress.cursor, state.progress.cursor];
            if (from !== null) expect(to).not.toBeNull();
            if (from !== null && to?.epoch === from.epoch) expect(to.seq).toBeGreaterThanOrEqual(from.seq);
          }

          // No state keeps more gaps than it may have.
          if (state.kind !== "closed") expect(state.progress.gaps.length).toBeLessThanOrEqual(2);
        }
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });
});
