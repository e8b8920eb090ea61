/** Who waits for a signal. */
interface SignalListeners {
  readonly listeners: Set<() => void>;
  /** The only listener that the signal has. */
  readonly callAll: () => void;
}

const listenersBySignal = new WeakMap<AbortSignal, SignalListeners>();

/**
 * Calls `listener` when the signal is aborted, unless the returned function was called before. It is not called for a
 * signal that has been aborted before. Without a signal, nothing happens.
 *
 * A signal has one listener of ours, however many wait for it: an application gives one signal to many loops, and Node
 * warns of a leak when a signal has more than ten listeners.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => {};
  const { listeners, callAll } = listenersBySignal.get(signal) ?? listenTo(signal);
  // Two callers may pass the same function.
  const own = (): void => listener();
  listeners.add(own);
  return () => {
    if (listeners.delete(own) && listeners.size === 0) forget(signal, callAll);
  };
}

function listenTo(signal: AbortSignal): SignalListeners {
  const listeners = new Set<() => void>();
  const callAll = (): void => {
    forget(signal, callAll);
    for (const listener of [...listeners]) if (listeners.delete(listener)) listener();
  };
  const shared = { listeners, callAll };
  // First: what is no signal fails here each time.
  signal.addEventListener("abort", callAll);
  listenersBySignal.set(signal, shared);
  return shared;
}

function forget(signal: AbortSignal, callAll: () => void): void {
  signal.removeEventListener("abort", callAll);
  listenersBySignal.delete(signal);
}
