/** What tabs need of a browser. */
export interface Platform {
  readonly locks: Locks;
  /** @param onMessage what other tabs have sent; what this one sends is not among it */
  openChannel(name: string, onMessage: (message: unknown) => void): TabChannel;
}

/** The part of the Web Locks API that is used. */
export interface Locks {
  /**
   * Calls `whileHeld` when the lock is there, and keeps it until that promise settles. Rejects when another tab steals
   * the lock, or when the signal aborts before.
   */
  request(
    name: string,
    options: { readonly signal: AbortSignal } | { readonly steal: true },
    whileHeld: () => Promise<void>,
  ): Promise<unknown>;
}

/** Between the tabs of one origin. */
export interface TabChannel {
  send(message: unknown): void;
  close(): void;
}

/** The browser's. Null where something is missing or forbidden, as outside of browsers and on an insecure page. */
export function browserPlatform(): Platform | null {
  const { BroadcastChannel: AnyChannel } = globalThis as { readonly BroadcastChannel?: typeof BroadcastChannel };
  const locks = browserLocks();
  if (!locks || !AnyChannel) {
    return null;
  }
  return {
    locks,
    openChannel(name, onMessage) {
      const channel = new AnyChannel(name);
      channel.addEventListener("message", ({ data }) => onMessage(data));
      return {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows take one
        send: (message) => channel.postMessage(message),
        close: () => channel.close(),
      };
    },
  };
}

/** Undefined where there are none. A browser or an extension may throw where a page asks for what it forbids. */
function browserLocks(): Locks | undefined {
  try {
    return (globalThis as { readonly navigator?: { readonly locks?: Locks } }).navigator?.locks;
  } catch {
    return undefined;
  }
}
