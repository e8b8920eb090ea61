import type { Client, Handlers, Status, SubscribeOptions } from "@tidings/client";
import type { AddressOf, ChannelName, Contract } from "@tidings/contract";
import {
  createContext,
  createElement,
  useContext,
  useInsertionEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { ChannelStore } from "./channel-store.ts";
import type { Hooks, ProviderProps, StatusSource } from "./hooks.ts";
import { latestValues } from "./latest-values.ts";
import { ownMember } from "./own-member.ts";
import type { AnyHandlers, HandlerOf } from "./pass-on.ts";
import { reducerOf, type AnyReduction } from "./reduction.ts";
import { CONNECTING, selectOnce, selectView, type Select } from "./view.ts";

/**
 * Creates the hooks of a contract. Call it once, in a module of its own.
 *
 * @example
 * export const { TidingsProvider, useChannelState } = createHooks(chat);
 * // in a component below <TidingsProvider client={client}>
 * const [messages, status] = useChannelState(chat.room({ roomId }), {
 *   initial: [],
 *   snapshot: (room) => room.messages,
 *   reduce: { message: (messages, message) => upsert(messages, message) },
 * });
 */
export function createHooks<C extends Contract>(contract: C): Hooks<C> {
  type AnyAddress = AddressOf<C, ChannelName<C>>;
  if (typeof contract !== "object" || contract === null) {
    throw new TypeError(`Expected the contract of createHooks to be an object, got ${typeof contract}.`);
  }
  const ClientContext = createContext<Client<C> | null>(null);

  function TidingsProvider({ client, children }: ProviderProps<C>) {
    // Its type cannot tell: a module in a circle of imports exports `undefined` at first.
    if (typeof (client as Client<C> | null | undefined)?.subscribe !== "function") {
      const got = client === null ? "null" : typeof client;
      throw new TypeError(
        `Expected "client" of <TidingsProvider> to be a client, got ${got}; is there a circular import?`,
      );
    }
    return createElement(ClientContext.Provider, { value: client }, children);
  }

  function useClient(): Client<C> {
    const client = useContext(ClientContext);
    if (client === null) {
      throw new TypeError(
        "Expected a <TidingsProvider> of the same createHooks(…) above this component, got none; wrap the app in it.",
      );
    }
    return client;
  }

  /**
   * A store for each client and path. The address and where it starts count when the store is made. It is a state and
   * not a memo: React may throw a memo away, and does when a file is edited. What has come would be gone.
   */
  function useStore<State>(address: AnyAddress, initial: State, after: string | undefined): ChannelStore<State> {
    const client = useClient();
    // On a server nobody subscribes, so nobody else tells those who write without types.
    const { path } = Object(address) as Partial<AnyAddress>;
    if (typeof path !== "string") {
      throw new TypeError(`Expected an address, got ${typeof address}; call channels with params.`);
    }
    const open = () => ({
      client,
      path,
      store: new ChannelStore({
        channel: contract[address.name],
        subscribe: (handlers, cursor) =>
          // Safe: the types of the hooks have checked the handlers that these pass on to.
          client.subscribe(
            address,
            handlers as Handlers<C, ChannelName<C>>,
            cursor === undefined ? {} : { after: cursor },
          ),
        initial,
        after,
      }),
    });
    const [kept, keep] = useState(open);
    if (kept.client === client && kept.path === path) {
      return kept.store;
    }
    const next = open();
    keep(next);
    return next.store;
  }

  /** Follows the address with the handlers of the last render, and reads what the component selects. */
  function useView<State, Selected>(
    store: ChannelStore<State>,
    handlerOf: HandlerOf,
    select: Select<State, Selected>,
  ): Selected {
    // Runs when React puts the render into the page, before the effect that subscribes. Handlers of a render that never
    // appears are never called.
    useInsertionEffect(() => {
      store.handlerOf = handlerOf;
    });
    const selectFrom = useMemo(() => selectOnce(select), [select]);
    const read = () => selectFrom(store.read());
    // The server shows the same: a store begins with the initial state, and nothing listens to it there.
    return useSyncExternalStore(store.subscribe, read, read);
  }

  function useChannel(
    address: AnyAddress,
    handlers: AnyHandlers,
    { after }: Pick<SubscribeOptions, "after"> = {},
  ): Status {
    const store = useStore(address, null, after);
    return useView(store, (name) => ownMember(handlers, name), selectStatus);
  }

  function useReduction<State, Selected>(
    address: AnyAddress,
    reduction: AnyReduction<State>,
    select: Select<State, Selected>,
  ): Selected {
    const store = useStore(address, reduction.initial, reduction.after);
    function handlerOf(name: string): ReturnType<HandlerOf> {
      const reducer = reducerOf(reduction, name);
      return reducer && ((argument, event) => store.update((state) => reducer(state, argument, event)));
    }
    return useView(store, handlerOf, select);
  }

  function useLatest(
    address: AnyAddress,
    type: string,
    select: Select<ReadonlyMap<string, unknown>, unknown> = selectView,
  ) {
    return useReduction(address, latestValues(contract[address.name], type), select);
  }

  function useStatus(source?: StatusSource): Status {
    const client = useClient();
    const { status } = source ?? client;
    return useSyncExternalStore(
      status.subscribe,
      () => status.value,
      () => CONNECTING,
    );
  }

  // Safe, each cast: the hooks take any channel, and their types say what belongs to which.
  return {
    TidingsProvider,
    useClient,
    useChannel: (address, handlers, options) => useChannel(address, handlers as AnyHandlers, options),
    useChannelState: (address, reduction, select) =>
      useReduction(address, reduction as AnyReduction<unknown>, (select ?? selectView) as AnySelect) as never,
    useLatest: (address, type, select) => useLatest(address, type, select as AnySelect | undefined) as never,
    useStatus,
  };
}

type AnySelect = Select<unknown, unknown>;

const selectStatus: Select<unknown, Status> = (_, status) => status;
