/** Names, and what is known about each: the inputs of a machine, or its effects. */
export type Vocabulary = object;

/** A state. The one of the kind `closed` is the last. */
export interface AnyState {
  readonly kind: string;
}

/** One name, and what is known about it. */
type Word<Words extends Vocabulary> = { readonly [Name in keyof Words]: readonly [Name, Words[Name]] }[keyof Words];

/** What follows from an input: the next state, and effects in their order. */
export interface Transition<State, Effects extends Vocabulary> {
  readonly state: State;
  readonly effects: readonly Word<Effects>[];
}

/** A pure state machine. */
export type TransitionOf<State, Inputs extends Vocabulary, Effects extends Vocabulary> = <Name extends keyof Inputs>(
  state: State,
  input: Name,
  about: Inputs[Name],
) => Transition<State, Effects>;

/** What a state does about an input. */
type Cell<State, About, Next> = (state: State, about: About) => Next;

/** What each state does about one input. `closed` has no cell, so none can revive it. */
type Row<State extends AnyState, About, Next> =
  | Cell<Exclude<State, { kind: "closed" }>, About, Next>
  | { readonly [Kind in Exclude<State["kind"], "closed">]: Cell<Extract<State, { kind: Kind }>, About, Next> };

/**
 * Makes a state machine of a table with a row for every input. A row has a cell for each state, or one that all states
 * share. `closed` absorbs every input: it is not in the table.
 */
export function defineTable<State extends AnyState, Inputs extends Vocabulary, Effects extends Vocabulary>(rows: {
  readonly [Name in keyof Inputs]: Row<State, Inputs[Name], Transition<State, Effects>>;
}): TransitionOf<State, Inputs, Effects> {
  return (state, input, about) => {
    if (state.kind === "closed") {
      return stay(state);
    }
    // Two lookups, which the compiler cannot follow: the row of the input, and in it the cell of the state.
    type AnyCell = Cell<State, typeof about, Transition<State, Effects>>;
    const row = rows[input] as AnyCell | Readonly<Record<State["kind"], AnyCell>>;
    const cell = typeof row === "function" ? row : row[state.kind as State["kind"]];
    return cell(state, about);
  };
}

/** Nothing follows from the input. */
export function stay<State>(state: State): { readonly state: State; readonly effects: readonly never[] } {
  return { state, effects: [] };
}
