import type { ClientSubscription, Status } from "@tidings/client";
import type { AnyChannel } from "@tidings/contract";
import { passOn, type AnyHandlers, type HandlerOf } from "./pass-on.ts";
import { CONNECTING, type Reached, type View } from "./view.ts";

/** What a store needs. */
export interface StoreNeeds<State> {
  /** Undefined for an address of another contract, which `subscribe` refuses. */
  readonly channel: AnyChannel | undefined;
  /** @param after where to go on from; undefined: it begins anew */
  readonly subscribe: (handlers: AnyHandlers, after: string | undefined) => ClientSubscription;
  readonly initial: State;
  /** The cursor that belongs to `initial`. */
  readonly after: string | undefined;
}

/**
 * What one component knows of one address, for `useSyncExternalStore`. It has a subscription while React listens. When
 * React listens again, it goes on after the last event that it has had. So an effect that runs twice, and a component
 * that was hidden, neither miss nor repeat anything.
 */
export class ChannelStore<State> {
  /** Handlers are looked up when they are called, so they may change at any time. */
  handlerOf: HandlerOf = () => undefined;
  readonly #needs: StoreNeeds<State>;
  #view: View<State>;
  #cursor: string | undefined;
  #notify = (): void => {};
  #subscription: ClientSubscription | null = null;

  constructor(needs: StoreNeeds<State>) {
    this.#needs = needs;
    this.#cursor = needs.after;
    this.#view = [needs.initial, CONNECTING, this.reached];
  }

  /** While nobody listens, nothing arrives. */
  readonly reached: Reached = async (...asked) => this.#subscription?.reached(...asked) ?? false;

  readonly read = (): View<State> => this.#view;

  /** Follows the address until the returned function is called. There is one listener at a time. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const { channel, subscribe, initial } = this.#needs;
    this.#notify = listener;
    const [, shown] = this.#view;
    if (shown.state === "closed" && shown.reason === "ended") {
      // Everything has come. To follow it once more would tell the end once more.
      return () => {};
    }
    if (this.#cursor === undefined && channel?.snapshot === undefined) {
      // Current values come, but nobody tells which of the former ones have been withdrawn.
      this.update(() => initial);
    }
    let isOpen = true;
    const handlers = passOn(Object.keys(channel?.events ?? {}), {
      handlerOf: (name) => (isOpen ? this.handlerOf(name) : undefined),
      onPosition: (cursor) => (this.#cursor = cursor),
    });
    const subscription = subscribe(handlers, this.#cursor);
    const { status, close } = subscription;
    this.#subscription = subscription;
    const unwatch = status.subscribe((value) => this.#show(this.#view[0], value));
    this.#show(this.#view[0], status.value);
    return () => {
      isOpen = false;
      unwatch();
      close();
      this.#subscription = null;
    };
  };

  update(next: (state: State) => State): void {
    this.#show(next(this.#view[0]), this.#view[1]);
  }

  #show(state: State, status: Status): void {
    const shown = status.state === "connecting" ? CONNECTING : status;
    if (Object.is(state, this.#view[0]) && shown === this.#view[1]) {
      return;
    }
    this.#view = [state, shown, this.reached];
    this.#notify();
  }
}
