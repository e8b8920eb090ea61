import type { Cursor } from "@tidings/protocol";
import { callHandler } from "./callback.ts";
import type { Cleared, Gap, ReceivedEvent } from "./handlers.ts";
import type { Reason } from "./status.ts";
import type { StreamError } from "./stream-error.ts";

/** One thing that arrived for an address, on the stream or on a page. */
export type Item =
  | { readonly event: ReceivedEvent; readonly isVolatile: boolean; readonly cursor: Cursor | null }
  | { readonly cleared: Cleared; readonly cursor: Cursor | null };

/** Where a subscription delivers: handlers, or the queue of an iterator. Nothing of it throws. */
export interface Consumer {
  /** Whether a gap, and the beginning, bring a snapshot. */
  readonly wantsSnapshot: boolean;
  /** False when there is no room: nothing was taken then. */
  take(item: Item): boolean;
  snapshot(state: unknown): void;
  gap(gap: Gap): void;
  close(reason: Reason): void;
}

/** The consumer behind `subscribe`: calls handlers, and survives them. The types have checked which there are. */
export function handlerConsumer(
  path: string,
  handlers: object,
  wantsSnapshot: boolean,
  onError: (error: StreamError) => void,
): Consumer {
  const call = (name: string, ...args: unknown[]): void => {
    // An event type may have the name of what every object has.
    const handler: unknown = Object.hasOwn(handlers, name) ? handlers[name as never] : undefined;
    if (typeof handler === "function")
      callHandler(`The handler "${name}" of ${path}`, () => handler.apply(handlers, args) as unknown, onError);
  };
  return {
    wantsSnapshot,
    take(item) {
      if ("cleared" in item) call("onClear", item.cleared);
      else call(item.event.type, item.event.data, item.event);
      return true;
    },
    snapshot: (state) => call("snapshot", state),
    gap: (gap) => call("onGap", gap),
    close: (reason) => call("onClose", reason),
  };
}
