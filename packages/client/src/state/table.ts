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
export type TransitionOf<State, Inputs extends Vocabulary, Effects extends Vocabulary, World = void> = <
  Name extends keyof Inputs,
>(
  state: State,
  input: Name,
  about: Inputs[Name],
  world: World,
) => Transition<State, Effects>;

/** What a state does about an input. */
type Reaction<State, About, Next, World> = (state: State, about: About, world: World) => Next;

/** The states that can answer. `closed` is not among them, so no table can revive it. */
type OpenKind<State extends AnyState> = Exclude<State["kind"], "closed">;

/** For every input, the states that ignore it. */
type Ignoring<State extends AnyState, Inputs extends Vocabulary> = {
  readonly [Name in keyof Inputs]: OpenKind<State>;
};

/** What each state does about one input: a cell for each one that does not ignore it, or a cell that all share. */
type Row<State extends AnyState, About, Next, Ignored, World> =
  | {
      readonly [Kind in Exclude<OpenKind<State>, Ignored>]: Reaction<
        Extract<State, { kind: Kind }>,
        About,
        Next,
        World
      >;
    }
  | ([Ignored] extends [never] ? Reaction<Exclude<State, { kind: "closed" }>, About, Next, World> : never);

/**
 * Makes a state machine of a table with a row for every input. `closed` absorbs every input: it is not in the table.
 * The compiler asks for every other state, in each row: it has a cell there, or the type `Ignored` names it. `World` is
 * what every cell may look at, beside its state and the input.
 */
export function defineTable<
  State extends AnyState,
  Inputs extends Vocabulary,
  Effects extends Vocabulary,
  Ignored extends Ignoring<State, Inputs>,
  World = void,
>(rows: {
  readonly [Name in keyof Inputs]: Row<State, Inputs[Name], Transition<State, Effects>, Ignored[Name], World>;
}): TransitionOf<State, Inputs, Effects, World> {
  return (state, input, about, world) => {
    // Two lookups, which the compiler cannot follow: the row of the input, and in it the cell of the state.
    type AnyReaction = Reaction<State, typeof about, Transition<State, Effects>, World>;
    const row = rows[input] as AnyReaction | Readonly<Record<string, AnyReaction>>;
    const cell = typeof row === "function" ? row : row[state.kind];
    return cell && state.kind !== "closed" ? cell(state, about, world) : stay(state);
  };
}

/** The next state, and effects in their order. */
export function to<const State, const Effects extends readonly unknown[]>(
  state: State,
  ...effects: Effects
): { readonly state: State; readonly effects: Effects } {
  return { state, effects };
}

/** Nothing follows from the input. */
export function stay<State>(state: State): { readonly state: State; readonly effects: readonly [] } {
  return to(state);
}
