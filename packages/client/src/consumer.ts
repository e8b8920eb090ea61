import { callHandler } from "./callback.ts";
import type { ReceivedEvent } from "./handlers.ts";
import type { StreamError } from "./stream-error.ts";

/**
 * Where a subscription delivers: handlers, or the queue of an iterator. It never throws.
 *
 * @param handler whose it is: an event's type, or a name that no event has, such as `onGap`
 * @param event with the data of an event
 * @returns false when there is no room: nothing was taken then
 */
export type Consumer = (handler: string, argument: unknown, event?: ReceivedEvent, isVolatile?: boolean) => boolean;

/** The consumer behind `subscribe`: calls handlers, and survives them. The types have checked which there are. */
export function handlerConsumer(path: string, handlers: object, onError: (error: StreamError) => void): Consumer {
  return (name, ...args) => {
    // An event type may have the name of what every object has.
    const handler: unknown = Object.hasOwn(handlers, name) && handlers[name as never];
    if (typeof handler === "function")
      callHandler(`${name} of ${path}`, () => handler.apply(handlers, args) as unknown, onError);
    return true;
  };
}
