import { callHandler } from "./callback.ts";
import type { Gap } from "./handlers.ts";
import type { Consumer, Item } from "./item.ts";
import type { Reason } from "./status.ts";
import type { StreamError } from "./stream-error.ts";

/** Handlers by name, once the types have checked which there are. */
export type HandlerRecord = Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;

/** The consumer behind `subscribe`: calls handlers, and survives them. */
export class HandlerConsumer implements Consumer {
  readonly wantsSnapshot: boolean;
  readonly #path: string;
  readonly #handlers: HandlerRecord;
  readonly #onError: (error: StreamError) => void;

  constructor(path: string, handlers: HandlerRecord, wantsSnapshot: boolean, onError: (error: StreamError) => void) {
    this.#path = path;
    this.#handlers = handlers;
    this.wantsSnapshot = wantsSnapshot;
    this.#onError = onError;
  }

  take(item: Item): boolean {
    if (item.kind === "clear") this.#call("onClear", item.cleared);
    else this.#call(item.event.type, item.event.data, item.event);
    return true;
  }

  snapshot(state: unknown): void {
    this.#call("snapshot", state);
  }

  gap(gap: Gap): void {
    this.#call("onGap", gap);
  }

  close(reason: Reason): void {
    this.#call("onClose", reason);
  }

  #call(name: string, ...args: unknown[]): void {
    // An event type may have the name of what every object has.
    if (!Object.hasOwn(this.#handlers, name)) return;
    callHandler(`The handler "${name}" of ${this.#path}`, () => this.#handlers[name]?.(...args), this.#onError);
  }
}
