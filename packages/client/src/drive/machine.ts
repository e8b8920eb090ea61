import type { Transition, Vocabulary } from "../state/transition.ts";

/** Any state of a machine. */
interface AnyState {
  /** The request or the timer that the state has begun, and that ends with it. */
  readonly begun?: object | undefined;
}

/** A state, and what it has begun. */
export interface Machine<State, Inputs extends Vocabulary> {
  readonly state: State;
  readonly input: <Name extends keyof Inputs>(input: Name, about: Inputs[Name]) => void;
}

/**
 * Runs a pure state machine. Effects may lead to further inputs before they return, and so may the handlers and
 * listeners that they call. What a state has begun is given up when the machine leaves it.
 *
 * @param onState is called after every input, whether it has led to another state or not
 * @param effects carry out what a transition asks for. An effect that begins something returns what gives it up
 */
export function createMachine<State extends AnyState, Inputs extends Vocabulary, Effects extends Vocabulary>(
  initial: State,
  transition: <Name extends keyof Inputs>(state: State, input: Name, about: Inputs[Name]) => Transition<State, Effects>,
  onState: (state: State) => void,
  effects: { readonly [Name in keyof Effects]: (about: Effects[Name]) => void | (() => void) },
): Machine<State, Inputs> {
  let current = initial;
  let giveUp = () => {};
  return {
    get state() {
      return current;
    },
    input(name, about) {
      const { begun } = current;
      const next = transition(current, name, about);
      current = next.state;
      if (current.begun !== begun) {
        giveUp();
        giveUp = () => {};
      }
      onState(current);
      for (const [effect, what] of next.effects) {
        // A handler or a listener has led to another state. Its effects have been carried out already.
        if (current !== next.state) {
          return;
        }
        giveUp = effects[effect](what) ?? giveUp;
      }
    },
  };
}
