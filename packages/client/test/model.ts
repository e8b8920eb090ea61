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
  isPossible: (model: Model) => boolean = () => true,
): Move<Model, Real> {
  return drawn.map((value) => ({
    check: (model) => isPossible(model),
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

/** @throws where a law does not hold */
export function assertLaw(law: string, holds: boolean): void {
  if (!holds) throw new Error(`This does not hold: ${law}.`);
}

/** @throws where something is not as it should be */
export function assertSame(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [fc.stringify(actual), fc.stringify(expected)];
  if (is !== should) throw new Error(`${what} should be ${should}, and is ${is}.`);
}

/** Whether a sequence of moves is found in which something does not hold. */
export function isNoticed(property: fc.IProperty<unknown>): boolean {
  return fc.check(property, { numRuns: 1_000, seed: 1, endOnFailure: true }).failed;
}

/** A table with one changed cell: it does nothing, or something else. */
export function withCell<
  State extends AnyState,
  Inputs extends Vocabulary,
  Effects extends Vocabulary,
  World,
  Name extends keyof Inputs,
  Kind extends State["kind"],
>(
  transition: TransitionOf<State, Inputs, Effects, World>,
  input: Name,
  kind: Kind,
  cell: (state: Extract<State, { kind: Kind }>, about: Inputs[Name]) => Transition<State, Effects> = stay,
): TransitionOf<State, Inputs, Effects, World> {
  return (state, name, about, world) =>
    (name as keyof Inputs) === input && state.kind === kind
      ? // Safe: the state is of this kind, and the same name comes with the same type.
        cell(state as Extract<State, { kind: Kind }>, about as Inputs[keyof Inputs] as Inputs[Name])
      : transition(state, name, about, world);
}
