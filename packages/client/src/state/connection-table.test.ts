import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectCell } from "../../test/expect-cell.ts";
import { IDLE, type ConnectionInputs, type ConnectionState } from "./connection-state.ts";
import { connectionTransition } from "./connection-table.ts";
import { NOTHING_YET } from "./retry.ts";
import { IDLE_STATUS, LIVE, POLLING } from "../status.ts";

type Kind = ConnectionState["kind"];
type InputName = keyof ConnectionInputs;

const attempts = { ...NOTHING_YET, failures: 3, liveSince: 5 };
const lastFailure = { state: "retrying", reason: "network", since: 3, at: 7 } as const;

/** One example of each state. */
const states: { readonly [Each in Kind]: Extract<ConnectionState, { kind: Each }> } = {
  idle: { kind: "idle", shown: IDLE_STATUS, attempts },
  requesting: { kind: "requesting", shown: { state: "connecting" }, attempts, pending: null },
  live: { kind: "live", shown: LIVE, attempts },
  switching: { kind: "switching", shown: LIVE, attempts, pending: null },
  postponed: { kind: "postponed", shown: LIVE, attempts, pending: lastFailure },
  retrying: { kind: "retrying", shown: lastFailure, attempts },
  closed: { kind: "closed", shown: { state: "closed", reason: "closed" } },
};

/** One example of each input. */
const inputs: ConnectionInputs = {
  wanted: true,
  unwanted: null,
  hello: { now: 9, transport: "stream" },
  serverPause: 5_000,
  adopted: null,
  outdated: null,
  redo: true,
  ended: { reason: "network" },
  failed: { reason: "network" },
  retry: { attempts, lastFailure },
  due: null,
  online: 20_000,
  offline: null,
  deaf: { reason: "timeout", now: 3 },
  trust: null,
  reconnect: null,
  close: { reason: "closed" },
};

const kinds = Object.keys(states) as Kind[];
const names = Object.keys(inputs) as InputName[];
const everywhere = (outcome: string) => Object.fromEntries(kinds.map((kind) => [kind, outcome]));

/**
 * The next state and the effects, for every cell in which something happens. In all other cells the state stays as it
 * is.
 */
const TABLE: { readonly [Name in InputName]: { readonly [Each in Kind]?: string } } = {
  wanted: { idle: "requesting: open", live: "switching: prepare", postponed: "postponed: review" },
  unwanted: everywhere("idle"),
  hello: { requesting: "live" },
  serverPause: { requesting: "requesting", live: "live", switching: "switching", postponed: "postponed" },
  adopted: { switching: "requesting" },
  outdated: { switching: "live: drop" },
  redo: { requesting: "requesting: open", switching: "switching: prepare" },
  ended: {
    requesting: "requesting: trace, plan",
    live: "requesting: trace, plan",
    switching: "requesting: trace, promote",
    postponed: "requesting: trace, plan",
  },
  failed: { switching: "switching: trace, planSuccessor" },
  retry: { requesting: "retrying: wait", switching: "postponed: wait" },
  due: { retrying: "requesting: open", postponed: "switching: prepare" },
  online: {
    retrying: "requesting: open",
    live: "switching: prepare, doubt",
    postponed: "switching: prepare, doubt",
  },
  offline: { live: "switching: prepare, doubt", postponed: "switching: prepare, doubt" },
  deaf: {
    requesting: "requesting: promote",
    live: "requesting: trace, plan",
    switching: "requesting: promote",
    postponed: "requesting: trace, plan",
  },
  trust: {
    idle: "idle",
    requesting: "requesting",
    live: "live",
    switching: "switching",
    postponed: "postponed",
    retrying: "retrying",
  },
  reconnect: { retrying: "requesting: open", postponed: "switching: prepare" },
  close: everywhere("closed: end"),
};

describe("every state answers every input", () => {
  for (const name of names) {
    test.each(kinds)(`${name} in %s`, (kind) => {
      const state = states[kind];
      const next = connectionTransition(state, name, inputs[name]);
      expectCell(kind === "closed" ? undefined : TABLE[name][kind], state, next);
    });
  }
});

test("with nothing to follow it is idle", () => {
  for (const kind of ["idle", "requesting", "retrying"] as const) {
    expect(connectionTransition(states[kind], "unwanted", null)).toEqual({ state: states.idle, effects: [] });
  }
});

test("the pause that the server asks for, and a hello, are kept for the next attempt", () => {
  const { state } = connectionTransition(states.requesting, "serverPause", 5_000);
  expect(connectionTransition(state, "hello", inputs.hello).state).toMatchObject({
    attempts: { serverPause: 5_000, failures: 3, liveSince: 9 },
  });
});

test("another request shows what was shown before, until it is live", () => {
  expect(connectionTransition(states.retrying, "due", null).state.shown).toEqual(lastFailure);
  expect(connectionTransition(states.requesting, "hello", inputs.hello).state.shown).toEqual({ state: "live" });
});

test("while the next stream is asked for, the client stays live", () => {
  const { state: switching } = connectionTransition(states.live, "wanted", true);
  expect(switching.shown).toEqual({ state: "live" });
  const { state: postponed } = connectionTransition(switching, "retry", { attempts, lastFailure });
  expect(postponed.shown).toEqual({ state: "live" });
  const { state: adopted } = connectionTransition(switching, "adopted", null);
  expect(adopted).toMatchObject({ kind: "requesting", shown: { state: "live" } });
});

test("the pauses of the next stream grow, however long the stream has lived, and leave its life as it is", () => {
  const old = { ...states.switching, attempts: { ...attempts, liveSince: 5 } };
  const { effects } = connectionTransition(old, "failed", { reason: "network" });
  expect(effects[1]).toEqual([
    "planSuccessor",
    { ending: { reason: "network" }, attempts: { ...attempts, liveSince: Infinity } },
  ]);
  const { state } = connectionTransition(old, "retry", { attempts: { ...attempts, failures: 4 }, lastFailure });
  expect(state).toMatchObject({ attempts: { failures: 4, liveSince: 5 } });
});

const deaf = { ...attempts, unheard: 2 };
const polling = { kind: "live", shown: POLLING, attempts: deaf } as const;

test("after two streams in a row without a hello, it polls", () => {
  const timeout = { reason: "timeout" } as const;
  const once = connectionTransition({ ...states.requesting, attempts: { ...attempts, unheard: 1 } }, "ended", timeout);
  expect(once.effects.slice(1)).toEqual([
    ["distrust", null],
    ["plan", { ending: timeout, attempts: deaf }],
  ]);
  const { state } = connectionTransition(once.state, "retry", { attempts: deaf, lastFailure });
  const again = connectionTransition(state, "due", null);
  expect(again.effects).toEqual([["open", "poll"]]);
  const { state: live } = connectionTransition(again.state, "hello", { now: 9, transport: "poll" });
  expect(live).toMatchObject({ kind: "live", shown: { state: "live", transport: "poll" }, attempts: { unheard: 2 } });
});

test("polls that begin when the time of a trial is over are followed by another trial", () => {
  const { state } = connectionTransition({ ...states.requesting, attempts: deaf }, "trust", null);
  const { effects } = connectionTransition(state, "hello", { now: 9, transport: "poll" });
  expect(effects).toEqual([["distrust", null]]);
  expect(connectionTransition(state, "hello", inputs.hello).effects).toEqual([]);
});

test("a stream that falls silent after its hello is no reason to poll", () => {
  const { effects } = connectionTransition({ ...states.live, attempts }, "ended", { reason: "timeout" });
  expect(effects[1]).toMatchObject(["plan", { attempts: { unheard: 0 } }]);
});

test("a poll that does not come in time says that streams are not the problem", () => {
  const { effects } = connectionTransition({ ...states.requesting, attempts: deaf }, "ended", { reason: "timeout" });
  expect(effects[1]).toMatchObject(["plan", { attempts: { unheard: 0 } }]);
});

test("while it polls, what is new is asked for by poll, too, until it is time to try a stream again", () => {
  const added = connectionTransition(polling, "wanted", true);
  expect(added.effects).toEqual([["prepare", "poll"]]);
  expect(added.state).toMatchObject({ shown: { transport: "poll" } });
  const tried = connectionTransition(polling, "trust", null);
  expect(tried.effects).toEqual([["prepare", "stream"]]);
  expect(tried.state).toMatchObject({ kind: "switching", shown: { transport: "poll" } });
  const failed = connectionTransition(tried.state, "failed", { reason: "timeout" });
  expect(failed.effects.map(([name]) => name)).toEqual(["trace", "distrust", "planSuccessor"]);
  const adopted = connectionTransition(tried.state, "adopted", null);
  const { state } = connectionTransition(adopted.state, "hello", { now: 9, transport: "stream" });
  expect(state).toMatchObject({ kind: "live", shown: { state: "live" }, attempts: { unheard: 0 } });
});

test("a request whose new paths were all refused is not made again", () => {
  expect(connectionTransition(states.switching, "redo", false).state.kind).toBe("live");
});

test("with nothing to follow any more, nothing is waited for", () => {
  for (const kind of ["requesting", "live", "switching", "postponed", "retrying"] as const) {
    expect(connectionTransition(states[kind], "wanted", false).effects).toEqual([["open", "stream"]]);
  }
});

test("the network is back: what the server has asked to wait for is waited for", () => {
  const asked = { ...states.retrying, shown: { ...lastFailure, reason: "draining" } } as const;
  expect(connectionTransition(asked, "online", 20_000)).toEqual({ state: asked, effects: [] });
});

test("what has just begun is believed, except when the runtime says that the network has gone", () => {
  const young = { ...states.live, attempts: { ...attempts, liveSince: 15_000 } };
  expect(connectionTransition(young, "online", 20_000)).toEqual({ state: young, effects: [] });
  expect(connectionTransition(young, "offline", null).state.kind).toBe("switching");
});

test("the next stream is not asked for earlier than the server wants, also when somebody looks", () => {
  const asked = { ...states.postponed, pending: { ...lastFailure, reason: "limit" } } as const;
  expect(connectionTransition(asked, "online", 20_000)).toEqual({ state: asked, effects: [] });
  const broken = { ...states.postponed, pending: lastFailure };
  expect(connectionTransition(broken, "online", 20_000).state.kind).toBe("switching");
});

test("a stream that does not prove that it lives is shown as lost, while its successor is waited for", () => {
  const { state } = connectionTransition(states.switching, "deaf", inputs.deaf);
  const shown = { state: "retrying", reason: "timeout", since: 3, at: 3 };
  expect(state).toMatchObject({ kind: "requesting", shown, attempts: { failingSince: 3 } });
  expect(connectionTransition(state, "hello", inputs.hello).state.shown).toEqual(LIVE);
});

test("after any sequence of inputs, closed absorbs, and a state begins what belongs to it", () => {
  const arbitraries: { readonly [Name in InputName]: fc.Arbitrary<ConnectionInputs[Name]> } = {
    wanted: fc.boolean(),
    unwanted: fc.constant(null),
    hello: fc.record({ now: fc.nat(), transport: fc.constantFrom("stream" as const, "poll" as const) }),
    serverPause: fc.nat(),
    adopted: fc.constant(null),
    outdated: fc.constant(null),
    redo: fc.boolean(),
    ended: fc.constantFrom({ reason: "network" as const }, { reason: "timeout" as const }),
    failed: fc.constantFrom({ reason: "network" as const }, { reason: "timeout" as const }),
    retry: fc.nat().map((failures) => ({ attempts: { ...attempts, failures }, lastFailure: { ...lastFailure } })),
    due: fc.constant(null),
    online: fc.nat(),
    offline: fc.constant(null),
    deaf: fc.constant(inputs.deaf),
    trust: fc.constant(null),
    reconnect: fc.constant(null),
    close: fc.constant({ reason: "closed" as const }),
  };
  const input = fc.oneof(
    ...names.map((name) => fc.tuple(fc.constant(name), arbitraries[name] as fc.Arbitrary<ConnectionInputs[InputName]>)),
  );
  const property = fc.property(fc.array(input, { maxLength: 60 }), (steps) => {
    let state: ConnectionState = IDLE;
    for (const [name, about] of steps) {
      const before: ConnectionState = state;
      const next: ReturnType<typeof connectionTransition> = connectionTransition(before, name, about);
      const effects = new Map<string, unknown>(next.effects);
      state = next.state;
      if (before.kind === "closed") expect(next).toEqual({ state: before, effects: [] });
      if (effects.has("open")) expect(state.kind).toBe("requesting");
      if (effects.has("prepare")) expect(state.kind).toBe("switching");
      if (state.kind === "switching" && before.kind !== "switching") expect(effects.has("prepare")).toBe(true);
      expect(effects.has("wait")).toBe(
        (state.kind === "retrying" || state.kind === "postponed") && name === "retry" && state !== before,
      );
      const isEnd = (name === "ended" || name === "deaf") && state !== before;
      expect(effects.has("plan") || effects.has("promote")).toBe(isEnd);
      if (effects.has("promote") && name === "ended") expect(before.kind).toBe("switching");
      expect(effects.has("planSuccessor")).toBe(name === "failed" && before.kind === "switching");
      if (["live", "switching", "postponed"].includes(state.kind)) expect(state.shown).toMatchObject({ state: "live" });
      expect(effects.has("end")).toBe(state.kind === "closed" && before.kind !== "closed");
      if (name === "hello" && before.kind === "requesting") expect(state.shown).toMatchObject({ state: "live" });
    }
  });
  fc.assert(property, { numRuns: 1_000 });
});
