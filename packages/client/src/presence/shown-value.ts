import { callSafely } from "@tidings/protocol/call-safely";
import { isEqual } from "./is-equal.ts";
import type { Watchable } from "../status.ts";
import type { Clock } from "@tidings/protocol/clock";

/**
 * A value that is made of events, and made again only once for all events that come together. If it says the same then,
 * it stays the same object, and nobody is called.
 */
export class ShownValue<Value> implements Watchable<Value> {
  readonly #clock: Pick<Clock, "setTimeout">;
  readonly #make: () => Value;
  readonly #listeners = new Set<(value: Value) => void>();
  #value: Value;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Pick<Clock, "setTimeout">, make: () => Value) {
    this.#clock = clock;
    this.#make = make;
    this.#value = make();
  }

  get value(): Value {
    return this.#value;
  }

  readonly subscribe = (listener: (value: Value) => void): (() => void) => {
    // A function of its own: the same listener may subscribe twice.
    const call = (value: Value) => listener(value);
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  };

  /** Something that the value is made of has changed. */
  readonly change = (): void => {
    this.#cancelTimer ??= this.#clock.setTimeout(() => this.#update(), 0);
  };

  close(): void {
    this.#cancelTimer?.();
    this.#listeners.clear();
  }

  #update(): void {
    this.#cancelTimer = null;
    const next = this.#make();
    // A server without anybody has come, or a value has come again.
    if (isEqual(next, this.#value)) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) {
      if (this.#listeners.has(listener)) callSafely(() => listener(this.#value));
    }
  }
}
