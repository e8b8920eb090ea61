import { defineTable, stay } from "./table.ts";

type State = { readonly kind: "open" } | { readonly kind: "waiting" } | { readonly kind: "closed" };
interface Inputs {
  readonly wake: null;
}
interface Effects {
  readonly ring: null;
}

const define = defineTable<State, Inputs, Effects>;

define({ wake: { open: stay, waiting: () => ({ state: { kind: "open" }, effects: [["ring", null]] }) } });
define({ wake: stay });

// @ts-expect-error: a row for every input
define({});
// @ts-expect-error: a cell for every state
define({ wake: { open: stay } });
// @ts-expect-error: no cell for closed, so nothing revives it
define({ wake: { open: stay, waiting: stay, closed: () => ({ state: { kind: "open" }, effects: [] }) } });
// @ts-expect-error: only effects that somebody carries out
define({ wake: { open: stay, waiting: () => ({ state: { kind: "open" }, effects: [["call", null]] }) } });
