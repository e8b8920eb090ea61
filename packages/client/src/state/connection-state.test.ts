import type { EventRequest } from "@tidings/protocol";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connectionTransition, IDLE, type ConnectionInputs, type ConnectionState } from "./connection-state.ts";

type Kind = ConnectionState["kind"];
type InputName = keyof ConnectionInputs;

const request: EventRequest = { channels: new Map([["rooms/lobby", null]]) };
const lastFailure = { state: "retrying", reason: "network", at: 7 } as const;

/** One example of each state. */
const states: { readonly [Each in Kind]: Extract<ConnectionState, { kind: Each }> } = {
  idle: { kind: "idle", shown: { state: "connecting" } },
  requesting: { kind: "requesting", begun: request, shown: { state: "connecting" } },
  retrying: { kind: "retrying", begun: lastFailure, shown: lastFailure },
  closed: { kind: "closed", shown: { state: "closed", reason: "closed" } },
};

/** One example of each input. */
const inputs: ConnectionInputs = {
  wanted: null,
  request,
  hello: null,
  retry: lastFailure,
  due: null,
  online: null,
  close: "closed",
};

const kinds = Object.keys(states) as Kind[];
const names = Object.keys(inputs) as InputName[];

/**
 * The next state and the effects, for every cell in which something happens. In all other cells the state stays as it
 * is.
 */
const TABLE: { readonly [Name in InputName]: { readonly [Each in Kind]?: string } } = {
  wanted: { idle: "idle: ask", requesting: "requesting: ask" },
  request: { idle: "requesting: open", requesting: "requesting: open", retrying: "requesting: open" },
  hello: { requesting: "requesting" },
  retry: { requesting: "retrying: wait" },
  due: { retrying: "retrying: ask" },
  online: { retrying: "retrying: ask" },
  close: { idle: "closed: end", requesting: "closed: end", retrying: "closed: end" },
};

describe("every state answers every input", () => {
  for (const name of names) {
    test.each(kinds)(`${name} in %s`, (kind) => {
      const state = states[kind];
      const next = connectionTransition(state, name, inputs[name]);
      const expected = TABLE[name][kind];
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

test("with nothing to ask for it is idle, and shows that it connects", () => {
  for (const kind of ["idle", "requesting", "retrying"] as const) {
    expect(connectionTransition(states[kind], "request", null)).toEqual({ state: IDLE, effects: [] });
  }
});

test("another request shows what was shown before, until it is live", () => {
  const { state: live } = connectionTransition(states.requesting, "hello", null);
  expect(live.shown).toEqual({ state: "live" });
  expect(connectionTransition(live, "request", { ...request }).state.shown).toEqual({ state: "live" });
  expect(connectionTransition(states.retrying, "request", request).state.shown).toEqual(lastFailure);
});

test("the network is back: what the server has asked to wait for is waited for", () => {
  const asked = { ...states.retrying, shown: { ...lastFailure, reason: "draining" } } as const;
  expect(connectionTransition(asked, "online", null)).toEqual({ state: asked, effects: [] });
});

test("after any sequence of inputs, closed absorbs, and what a state has begun belongs to it", () => {
  const arbitraries: { readonly [Name in InputName]: fc.Arbitrary<ConnectionInputs[Name]> } = {
    wanted: fc.constant(null),
    request: fc.option(fc.constant(request).map((each) => ({ ...each }))),
    hello: fc.constant(null),
    retry: fc.constant(lastFailure).map((each) => ({ ...each })),
    due: fc.constant(null),
    online: fc.constant(null),
    close: fc.constant("closed" as const),
  };
  const input = fc.oneof(
    ...names.map((name) => fc.tuple(fc.constant(name), arbitraries[name] as fc.Arbitrary<ConnectionInputs[InputName]>)),
  );
  const property = fc.property(fc.array(input, { maxLength: 60 }), (steps) => {
    let state: ConnectionState = IDLE;
    for (const [name, about] of steps) {
      const before = state;
      const next = connectionTransition(before, name, about);
      const effects = new Map<string, unknown>(next.effects);
      state = next.state;
      if (before.kind === "closed") expect(next).toEqual({ state: before, effects: [] });
      expect(effects.get("open")).toBe(
        state.kind === "requesting" && state.begun !== before.begun ? state.begun : undefined,
      );
      expect(effects.get("wait")).toBe(state.kind === "retrying" && state !== before ? state.begun : undefined);
      expect(effects.has("end")).toBe(state.kind === "closed" && before.kind !== "closed");
      if (name === "hello" && before.kind === "requesting") expect(state.shown).toEqual({ state: "live" });
    }
  });
  fc.assert(property, { numRuns: 2_000 });
});
