import type { ClientSubscription, Status } from "@tidings/client";

/**
 * Resolves when the component has had everything up to an event, as `reached` of a subscription does: then what it has
 * shown in advance can go. It is the same function for as long as the component follows the address.
 */
export type Reached = ClientSubscription["reached"];

/** What a component sees of an address: its state, and where its subscription stands. A new one after every change. */
export type View<State> = readonly [state: State, status: Status, reached: Reached];

/**
 * Takes from a view what a component shows. The component renders again only when the result is another one
 * (`Object.is`).
 */
export type Select<State, Selected> = (state: State, status: Status, reached: Reached) => Selected;

/** Before the first attempt, on the server, and while a page of the server becomes alive. */
export const CONNECTING: Status = { state: "connecting" };

/** Shows everything. */
export function selectView<State>(...view: View<State>): View<State> {
  return view;
}

/**
 * Selects once from each view. React asks again and again, and a selection that is made anew each time, such as a list,
 * would look like a change.
 */
export function selectOnce<State, Selected>(select: Select<State, Selected>): (view: View<State>) => Selected {
  let last: { readonly view: View<State>; readonly selected: Selected } | null = null;
  return (view) => {
    if (last?.view !== view) {
      last = { view, selected: select(...view) };
    }
    return last.selected;
  };
}
