import type { AnyState, TransitionOf, Vocabulary } from "../state/table.ts";

/** Leads a machine to its next state. */
type Input<Inputs extends Vocabulary> = <Name extends keyof Inputs>(input: Name, about: Inputs[Name]) => void;

/** A state, and what leads to the next one. */
export interface Machine<State, Inputs extends Vocabulary> {
  readonly state: State;
  readonly input: Input<Inputs>;
}

/** By name, what carries an effect out. */
type Effectors<Effects extends Vocabulary, Inputs extends Vocabulary> = {
  readonly [Name in keyof Effects]: (about: Effects[Name], input: Input<Inputs>) => void | (() => void);
};

/**
 * Runs a pure state machine. Effects may lead to further inputs before they return, and so may the handlers and
 * listeners that they call.
 *
 * An effect that begins something, such as a request or a timer, returns what cancels it. That is cancelled when the
 * machine leaves the kind of state that began it, when the same kind of state begins something else, or at once when
 * the effect itself has led to another state.
 *
 * @param world what the transition may look at, as it is at the moment of an input
 * @param onState is called after every input, whether it has led to another state or not
 * @param effects carry out what a transition asks for
 */
export function createMachine<
  State extends AnyState,
  Inputs extends Vocabulary,
  Effects extends Vocabulary,
  World = void,
>(
  initial: State,
  transition: TransitionOf<State, Inputs, Effects, World>,
  world: () => World,
  onState: (state: State) => void,
  effects: Effectors<Effects, Inputs>,
): Machine<State, Inputs> {
  let current = initial;
  let cancel = () => {};

  function begin(cancelNext: () => void): void {
    const cancelLast = cancel;
    cancel = cancelNext;
    cancelLast();
  }

  function input<Name extends keyof Inputs>(name: Name, about: Inputs[Name]): void {
    const { kind } = current;
    const next = transition(current, name, about, world());
    current = next.state;
    if (current.kind !== kind) {
      begin(() => {});
    }
    onState(current);
    for (const [effect, what] of next.effects) {
      // A handler or a listener has led to another state. Its effects have been carried out already.
      if (current !== next.state) {
        return;
      }
      const cancelBegun = effects[effect](what, input);
      if (current !== next.state) {
        cancelBegun?.();
      } else if (cancelBegun) {
        begin(cancelBegun);
      }
    }
  }

  return {
    get state() {
      return current;
    },
    input,
  };
}
