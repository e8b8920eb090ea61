/** Names, and what is known about each: the inputs of a machine, or its effects. */
export type Vocabulary = object;

/** One name, and what is known about it. */
type Word<Words extends Vocabulary> = { readonly [Name in keyof Words]: readonly [Name, Words[Name]] }[keyof Words];

/** What follows from an input: the next state, and effects in their order. */
export interface Transition<State, Effects extends Vocabulary> {
  readonly state: State;
  readonly effects: readonly Word<Effects>[];
}
