import type { Cleared, Gap, ReceivedEvent } from "../handlers.ts";
import type { Reason } from "../status.ts";
import type { StreamError } from "../stream-error.ts";
import { callHandler } from "./callback.ts";
import type { Item } from "./item.ts";

/** Where a subscription delivers: handlers, or the queue of an iterator. No method throws. */
export interface Consumer {
  /** Takes an event, a withdrawal, or the state to start from. Returns false when there is no room: it has taken nothing then. */
  take(item: Item): boolean;
  gap(gap: Gap): void;
  /** The subscription has ended and will not come back. */
  close(reason: Reason): void;
}

/** The handlers of any address. The types of `subscribe` have checked which there are, and what they take. */
export interface AnyHandlers {
  snapshot?(state: unknown): unknown;
  onGap?(gap: Gap): unknown;
  onClear?(cleared: Cleared): unknown;
  onClose?(reason: Reason): void;
  onError?(error: StreamError): void;
}

type EventHandler = (data: unknown, event: ReceivedEvent) => unknown;

/** The consumer behind `subscribe`: calls handlers, and goes on when one fails. It always has room. */
export function handlerConsumer(
  path: string,
  handlers: AnyHandlers,
  onClientError: (error: StreamError) => void,
): Consumer {
  const onError = (error: StreamError) => (handlers.onError ? handlers.onError(error) : onClientError(error));
  const call = (name: string, handler: () => unknown) => callHandler(`${name} of ${path}`, handler, onError);

  function callEventHandler(event: ReceivedEvent): void {
    // An event type may have the name of something that every object has.
    const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type as keyof AnyHandlers] : undefined;
    if (typeof handler === "function") {
      // What stands at an event's type is the handler of that event.
      call(event.type, () => (handler as unknown as EventHandler).call(handlers, event.data, event));
    }
  }

  return {
    take(item) {
      switch (item.kind) {
        case "event":
          callEventHandler(item.event);
          break;
        case "clear":
          call("onClear", () => handlers.onClear?.(item.cleared));
          break;
        case "state":
          call("snapshot", () => handlers.snapshot?.(item.state));
          break;
      }
      return true;
    },
    gap: (gap) => call("onGap", () => handlers.onGap?.(gap)),
    close: (reason) => call("onClose", () => handlers.onClose?.(reason)),
  };
}
