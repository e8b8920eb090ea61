/** What the runtime knows about the network and the page. */
export interface Network {
  isOnline(): boolean;
  /**
   * Calls `listener` when the network comes or goes, or when the page does. Returns what ends it. A client has several
   * listeners at a time: one for its connection, and one for each request.
   */
  subscribe(listener: () => void): () => void;
}

/** The browser's view; elsewhere the network is always there. */
export const runtimeNetwork: Network = {
  isOnline: () => (globalThis.navigator as { readonly onLine?: boolean } | undefined)?.onLine ?? true,
  subscribe(listener) {
    const end = new AbortController();
    const { signal } = end;
    // No type of the DOM is assumed: workers, Node, Deno and Bun have some of these, React Native has none. The third
    // is the document's, and bubbles.
    for (const type of ["online", "offline", "visibilitychange"]) {
      (globalThis as Partial<EventTarget>).addEventListener?.(type, listener, { signal });
    }
    return () => end.abort();
  },
};
