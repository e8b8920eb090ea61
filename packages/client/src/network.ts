/** What the runtime knows about the network and the page. */
export interface Network {
  isOnline(): boolean;
  /** Calls `listener` when the network comes or goes, or when the page is looked at again. Returns what ends it. */
  subscribe(listener: () => void): () => void;
}

/** The browser's view; elsewhere the network is always there. */
export const runtimeNetwork: Network = {
  isOnline: () => globalThis.navigator?.onLine !== false,
  subscribe(listener) {
    // No type of the DOM is assumed: workers, Node, Deno and Bun have some of these.
    const page: { document?: EventTarget } = globalThis as { document?: EventTarget };
    const targets: (readonly [EventTarget | undefined, string])[] = [
      [typeof globalThis.addEventListener === "function" ? globalThis : undefined, "online"],
      [typeof globalThis.addEventListener === "function" ? globalThis : undefined, "offline"],
      [page.document, "visibilitychange"],
    ];
    for (const [target, name] of targets) target?.addEventListener(name, listener);
    return () => {
      for (const [target, name] of targets) target?.removeEventListener(name, listener);
    };
  },
};
