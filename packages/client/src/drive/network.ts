/** What the runtime knows about the network and the page. */
export interface Network {
  /** Whether there may be a network. It is a hint: the client tries all the same. */
  isOnline(): boolean;
  /**
   * Calls `listener` when the network comes or goes, and when somebody looks at the page again. Returns what ends it. A
   * client has several listeners at a time: one for its connection, and one for each request.
   */
  subscribe(listener: () => void): () => void;
}

/** The browser's view; elsewhere the network is always there. */
export const runtimeNetwork: Network = {
  isOnline: () => (globalThis.navigator as { readonly onLine?: boolean } | undefined)?.onLine ?? true,
  subscribe(listener) {
    const end = new AbortController();
    // No type of the DOM is assumed: workers, Node, Deno and Bun have some of these, React Native has none. The event
    // of visibility is the document's, and bubbles.
    const { addEventListener } = globalThis as Partial<EventTarget>;
    const listen = (type: string, onEvent: () => void) => addEventListener?.(type, onEvent, { signal: end.signal });
    listen("online", listener);
    listen("offline", listener);
    listen("visibilitychange", () => {
      const { document } = globalThis as { document?: { visibilityState?: string } };
      // Whatever a page missed while it was hidden is looked at when it is shown.
      if (document?.visibilityState !== "hidden") {
        listener();
      }
    });
    return () => end.abort();
  },
};
