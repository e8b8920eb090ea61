/** What the runtime knows about the network and the page. */
export interface Network {
  isOnline(): boolean;
  /** Calls `listener` when the network comes or goes, or when the page does. Returns what ends it. */
  subscribe(listener: () => void): () => void;
}

/** The browser's view; elsewhere the network is always there. */
export const runtimeNetwork: Network = {
  isOnline: () => (globalThis.navigator as { readonly onLine?: boolean } | undefined)?.onLine ?? true,
  subscribe(listener) {
    const end = new AbortController();
    // No type of the DOM is assumed: workers, Node, Deno and Bun have some of these, React Native has half of them.
    const scope = globalThis as Partial<EventTarget> & { readonly document?: Partial<EventTarget> };
    const listen = (target: Partial<EventTarget> | undefined, type: string) =>
      target?.addEventListener?.(type, listener, { signal: end.signal });
    listen(scope, "online");
    listen(scope, "offline");
    listen(scope.document, "visibilitychange");
    return () => end.abort();
  },
};
