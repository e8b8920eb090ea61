import { defineTable, stay } from "./table.ts";

type State = { readonly kind: "open" } | { readonly kind: "waiting" } | { readonly kind: "closed" };
interface Inputs {
  readonly wake: null;
}
interface Effects {
  readonly ring: null;
}

const answersAll = defineTable<State, Inputs, Effects, { readonly wake: never }>;
const openIgnores = defineTable<State, Inputs, Effects, { readonly wake: "open" }>;

answersAll({ wake: { open: stay, waiting: () => ({ state: { kind: "open" }, effects: [["ring", null]] }) } });
answersAll({ wake: stay });
openIgnores({ wake: { waiting: stay } });

// @ts-expect-error: a row for every input
answersAll({});
// @ts-expect-error: a cell for every state
answersAll({ wake: { open: stay } });
// @ts-expect-error: a state either ignores the input or has a cell
openIgnores({ wake: { open: stay, waiting: stay } });
// @ts-expect-error: no shared cell where a state ignores the input
openIgnores({ wake: stay });
// @ts-expect-error: no cell for closed, so nothing revives it
answersAll({ wake: { open: stay, waiting: stay, closed: () => ({ state: { kind: "open" }, effects: [] }) } });
// @ts-expect-error: only effects that somebody carries out
answersAll({ wake: { open: stay, waiting: () => ({ state: { kind: "open" }, effects: [["call", null]] }) } });
// @ts-expect-error: closed is not what a row decides about
defineTable<State, Inputs, Effects, { readonly wake: "closed" }>({ wake: { open: stay, waiting: stay } });
