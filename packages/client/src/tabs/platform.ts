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

/** What is used of a browser's page or worker. */
interface Browser {
  readonly BroadcastChannel?: typeof BroadcastChannel;
  readonly navigator?: { readonly locks?: Locks };
}

/** The browser's. Null where something is missing or forbidden, as outside of browsers and on an insecure page. */
export function browserPlatform(): Platform | null {
  const [locks, AnyChannel] = allowedParts();
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

/** A browser or an extension may throw where a page asks for what it forbids. */
function allowedParts(): readonly [Locks | undefined, typeof BroadcastChannel | undefined] {
  try {
    const { navigator, BroadcastChannel: AnyChannel } = globalThis as Browser;
    return [navigator?.locks, AnyChannel];
  } catch {
    return [undefined, undefined];
  }
}
