import type { Cleared, ReceivedEvent } from "@tidings/client";

/** A handler of any name. What it gets is what the types of `client.subscribe` say for its name. */
type AnyHandler = (argument: unknown, event?: unknown) => unknown;

/** The handlers of a subscription to any address. */
export type AnyHandlers = Readonly<Record<string, AnyHandler | undefined>>;

/** Finds the handler that has a name now. */
export type HandlerOf = (name: string) => AnyHandler | undefined;

/** Where handlers pass on what they get. */
interface Receiver {
  readonly handlerOf: HandlerOf;
  /** Called with the cursor of all that was delivered, before the handler. Undefined when nobody tells it. */
  readonly onPosition: (cursor: string | undefined) => void;
}

/** Handlers for the whole life of a subscription. Each call goes to the handler that has the name at that moment. */
export function passOn(types: readonly string[], { handlerOf, onPosition }: Receiver): AnyHandlers {
  const call: (name: string, ...given: Parameters<AnyHandler>) => unknown = (name, argument, event) =>
    handlerOf(name)?.(argument, event);

  function onEvent(type: string): AnyHandler {
    return (data, event) => {
      const { id } = event as ReceivedEvent;
      // Volatile events and current values have no position.
      if (id !== null) {
        onPosition(id);
      }
      return call(type, data, event);
    };
  }

  return {
    ...Object.fromEntries(types.map((type) => [type, onEvent(type)])),
    onEnd: onEvent("onEnd"),
    snapshot(state, about) {
      // The next event has a cursor; a state has none.
      onPosition(undefined);
      return call("snapshot", state, about);
    },
    onClear(cleared) {
      onPosition((cleared as Cleared).id);
      return call("onClear", cleared);
    },
    onGap: (gap) => call("onGap", gap),
    onClose: (reason) => call("onClose", reason),
    // Where the application has no such handler, the client has to see that there is none.
    get onError() {
      return handlerOf("onError");
    },
  };
}
