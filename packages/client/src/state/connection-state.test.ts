import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectCell } from "../../test/expect-cell.ts";
import { connectionTransition, IDLE, type ConnectionInputs, type ConnectionState } from "./connection-state.ts";
import { NOTHING_YET } from "./retry.ts";
import { IDLE_STATUS } from "../status.ts";

type Kind = ConnectionState["kind"];
type InputName = keyof ConnectionInputs;

const attempts = { ...NOTHING_YET, failures: 3 };
const lastFailure = { state: "retrying", reason: "network", since: 3, at: 7 } as const;

/** One example of each state. */
const states: { readonly [Each in Kind]: Extract<ConnectionState, { kind: Each }> } = {
  idle: { kind: "idle", shown: IDLE_STATUS, attempts },
  requesting: { kind: "requesting", shown: { state: "connecting" }, attempts },
  retrying: { kind: "retrying", shown: lastFailure, attempts },
  closed: { kind: "closed", shown: { state: "closed", reason: "closed" } },
};

/** One example of each input. */
const inputs: ConnectionInputs = {
  wanted: true,
  unwanted: null,
  hello: 9,
  base: 5_000,
  ended: { reason: "network" },
  retry: { attempts, lastFailure },
  due: null,
  online: null,
  reconnect: null,
  close: { reason: "closed" },
};

const kinds = Object.keys(states) as Kind[];
const names = Object.keys(inputs) as InputName[];

/**
 * The next state and the effects, for every cell in which something happens. In all other cells the state stays as it
 * is.
 */
const TABLE: { readonly [Name in InputName]: { readonly [Each in Kind]?: string } } = {
  wanted: { idle: "requesting: open", requesting: "requesting: open" },
  unwanted: { idle: "idle", requesting: "idle", retrying: "idle" },
  hello: { requesting: "requesting" },
  base: { requesting: "requesting" },
  ended: { requesting: "requesting: trace, plan" },
  retry: { requesting: "retrying: wait" },
  due: { retrying: "requesting: open" },
  online: { retrying: "requesting: open" },
  reconnect: { retrying: "requesting: open" },
  close: { idle: "closed: end", requesting: "closed: end", retrying: "closed: end" },
};

describe("every state answers every input", () => {
  for (const name of names) {
    test.each(kinds)(`${name} in %s`, (kind) => {
      const state = states[kind];
      const next = connectionTransition(state, name, inputs[name]);
      expectCell(TABLE[name][kind], state, next);
    });
  }
});

test("with nothing to follow it is idle", () => {
  for (const kind of ["idle", "requesting", "retrying"] as const) {
    expect(connectionTransition(states[kind], "unwanted", null)).toEqual({ state: states.idle, effects: [] });
  }
});

test("the pause that the server asks for, and a hello, are kept for the next attempt", () => {
  const { state } = connectionTransition(states.requesting, "base", 5_000);
  expect(connectionTransition(state, "hello", 9).state).toMatchObject({
    attempts: { base: 5_000, failures: 3, liveSince: 9 },
  });
});

test("another request shows what was shown before, until it is live", () => {
  const { state: live } = connectionTransition(states.requesting, "hello", 9);
  expect(live.shown).toEqual({ state: "live" });
  expect(connectionTransition(live, "wanted", true).state.shown).toEqual({ state: "live" });
  expect(connectionTransition(states.retrying, "due", null).state.shown).toEqual(lastFailure);
});

test("the network is back: what the server has asked to wait for is waited for", () => {
  const asked = { ...states.retrying, shown: { ...lastFailure, reason: "draining" } } as const;
  expect(connectionTransition(asked, "online", null)).toEqual({ state: asked, effects: [] });
});

test("after any sequence of inputs, closed absorbs, and a state begins what belongs to it", () => {
  const arbitraries: { readonly [Name in InputName]: fc.Arbitrary<ConnectionInputs[Name]> } = {
    wanted: fc.boolean(),
    unwanted: fc.constant(null),
    hello: fc.nat(),
    base: fc.nat(),
    ended: fc.constant({ reason: "network" as const }),
    retry: fc.nat().map((failures) => ({ attempts: { ...attempts, failures }, lastFailure: { ...lastFailure } })),
    due: fc.constant(null),
    online: fc.constant(null),
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
      if (state.kind === "requesting" && before.kind !== "requesting") expect(effects.has("open")).toBe(true);
      expect(effects.get("wait")).toBe(state.kind === "retrying" && state !== before ? state.shown : undefined);
      expect(effects.has("plan")).toBe(before.kind === "requesting" && name === "ended");
      expect(effects.has("end")).toBe(state.kind === "closed" && before.kind !== "closed");
      if (name === "hello" && before.kind === "requesting") expect(state.shown).toEqual({ state: "live" });
    }
  });
  fc.assert(property, { numRuns: 2_000 });
});
