/** What the runtime knows about the network and the page. */
export interface Network {
  isOnline(): boolean;
  /** Calls `listener` when the network comes or goes, or when the page is looked at again. Returns what ends it. */
  subscribe(listener: () => void): () => void;
}

/** The browser's view; elsewhere the network is always there. */
export const runtimeNetwork: Network = {
  isOnline: () => (globalThis.navigator as { readonly onLine?: boolean } | undefined)?.onLine ?? true,
  subscribe(listener) {
    // No type of the DOM is assumed: workers, Node, Deno and Bun have some of these, React Native has half of them.
    const scope = globalThis as Partial<EventTarget> & {
      readonly document?: Partial<EventTarget> & { readonly hidden?: boolean };
    };
    const look = () => scope.document?.hidden !== true && listener();
    const watched = [
      [scope, "online", listener],
      [scope, "offline", listener],
      [scope.document, "visibilitychange", look],
    ] as const;
    for (const [target, name, call] of watched) target?.addEventListener?.(name, call);
    return () => {
      for (const [target, name, call] of watched) target?.removeEventListener?.(name, call);
    };
  },
};
