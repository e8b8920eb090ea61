import * as fc from "fast-check";
import { stay, type AnyState, type Transition, type TransitionOf, type Vocabulary } from "../src/state/table.ts";

/** What can happen to a model, and to the machine that it watches. */
export type Move<Model extends object, Real> = fc.Arbitrary<fc.Command<Model, Real>>;

/**
 * One move, with something drawn.
 * @param run moves both, and compares them
 * @param isPossible whether it can happen now, by the model
 */
export function move<Model extends object, Real, Drawn>(
  name: string,
  drawn: fc.Arbitrary<Drawn>,
  run: (model: Model, real: Real, drawn: Drawn) => void,
  isPossible: (model: Readonly<Model>) => boolean = () => true,
): Move<Model, Real> {
  return drawn.map((value) => ({
    check: isPossible,
    run: (model, real) => run(model, real, value),
    toString: () => `${name}(${fc.stringify(value)})`,
  }));
}

/**
 * Any sequence of moves.
 * @param settle what has to hold when no more moves come
 */
export function anyMoves<Model extends object, Real>(
  moves: readonly Move<Model, Real>[],
  setup: () => { model: Model; real: Real },
  settle: (model: Model, real: Real) => void = () => {},
): fc.IProperty<[Iterable<fc.Command<Model, Real>>]> {
  return fc.property(fc.commands([...moves], { maxCommands: 60, size: "max" }), (commands) => {
    const both = setup();
    fc.modelRun(() => both, commands);
    settle(both.model, both.real);
  });
}

/** Whether a sequence of moves is found in which something does not hold. */
export function isNoticed(property: fc.IProperty<unknown>): boolean {
  return fc.check(property, { numRuns: 3_000, seed: 1, endOnFailure: true }).failed;
}

/** A table with one changed cell: it does nothing, or something else. */
export function withCell<
  State extends AnyState,
  Inputs extends Vocabulary,
  Effects extends Vocabulary,
  World,
  Name extends keyof Inputs,
>(
  transition: TransitionOf<State, Inputs, Effects, World>,
  input: Name,
  kind: State["kind"],
  cell: (state: State, about: Inputs[Name]) => Transition<State, Effects> = stay,
): TransitionOf<State, Inputs, Effects, World> {
  return (state, name, about, world) =>
    // Safe: the same name comes with the same type.
    (name as keyof Inputs) === input && state.kind === kind
      ? cell(state, about as Inputs[keyof Inputs] as Inputs[Name])
      : transition(state, name, about, world);
}
