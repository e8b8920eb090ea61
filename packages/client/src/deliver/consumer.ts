import { callSafely } from "@tidings/protocol/call-safely";
import type { Gap, Handler, ReceivedEvent, SnapshotInfo, UnreadableData } from "../handlers.ts";
import type { Reason } from "../status.ts";
import type { StreamError } from "../stream-error.ts";
import { callHandler } from "./callback.ts";
import type { Item } from "../state/item.ts";

/** Where a subscription delivers: handlers, or the queue of an iterator. No method throws. */
export interface Consumer {
  /**
   * Takes an event, a withdrawal, the end, or the state to start from. Returns false when there is no room, or when
   * nobody wants what is unreadable.
   */
  take(item: Item): boolean;
  gap(gap: Gap): void;
  /** The subscription has ended and will not come back. */
  close(reason: Reason): void;
}

/** The handlers of any address. */
export interface AnyHandlers {
  onUnreadable?(data: UnreadableData, error: StreamError): unknown;
  onError?(error: StreamError): void;
}

/** The second argument of a handler. */
type SecondArgument = ReceivedEvent | SnapshotInfo | StreamError;

/** The consumer behind `subscribe`: calls handlers, and goes on when one fails. It always has room. */
export function handlerConsumer(
  path: string,
  handlers: AnyHandlers,
  onClientError: (error: StreamError) => void,
): Consumer {
  let isClosed = false;
  // Without types, there may be no handlers. Then this fails, and not each event.
  const takesUnreadable = handlers.onUnreadable !== undefined;
  // The types of `subscribe` have checked which handlers there are, and what each takes.
  const byName = handlers as Readonly<Record<string, Handler<unknown, SecondArgument | undefined> | undefined>>;

  /** Only `onClose` is called after the end. What fails later is reported to the client. */
  function onError(error: StreamError): void {
    if (handlers.onError && !isClosed) {
      handlers.onError(error);
    } else {
      onClientError(error);
    }
  }

  function call(name: string, argument: unknown, about?: SecondArgument): void {
    const run = () => {
      const handler = byName[name];
      // A handler may be read by a getter, which may have closed the subscription.
      return isClosed && name !== "onClose" ? null : handler?.call(handlers, argument, about);
    };
    callHandler(name, path, run, onError);
  }

  return {
    take(item) {
      switch (item.kind) {
        case "event":
          // An event type may have the name of something that every object has.
          if (Object.hasOwn(handlers, item.event.type)) {
            call(item.event.type, item.event.data, item.event);
          }
          break;
        case "end":
          call("onEnd", item.event.data, item.event);
          break;
        case "clear":
          call("onClear", item.cleared);
          break;
        case "state":
          call("snapshot", item.state, { cursor: item.cursor });
          break;
        case "unreadable":
          if (!takesUnreadable) {
            callSafely(() => onError(item.error));
            return false;
          }
          call("onUnreadable", item.data, item.error);
          break;
      }
      return true;
    },
    gap: (gap) => call("onGap", gap),
    close(reason) {
      isClosed = true;
      call("onClose", reason);
    },
  };
}
