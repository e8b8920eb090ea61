import { expect } from "vitest";

interface State {
  readonly kind: string;
}

interface Next {
  readonly state: State;
  readonly effects: readonly (readonly [effect: string, ...about: unknown[]])[];
}

/**
 * Expects what a table says about one input in one state.
 * @param cell such as `loading: load`: the kind of the next state, and the effects; undefined when nothing follows
 */
export function expectCell(cell: string | undefined, before: State, next: Next): void {
  if (cell === undefined) {
    expect(next).toEqual({ state: before, effects: [] });
    expect(next.state).toBe(before);
    return;
  }
  const effects = next.effects.map(([effect]) => effect).join(", ");
  expect(effects ? `${next.state.kind}: ${effects}` : next.state.kind).toBe(cell);
}
