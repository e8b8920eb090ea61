/** Stands in for the platform's, which takes a seventh of all the time of a simulation: what hub and client use of it, and no more. */
class LightSignal {
  aborted = false;
  reason: unknown = undefined;
  #listeners: (() => void)[] = [];

  static any(signals: readonly LightSignal[]): LightSignal {
    const either = new LightSignal();
    for (const signal of signals) {
      if (signal.aborted) either.fire(signal.reason);
      else signal.addEventListener("abort", () => either.fire(signal.reason));
    }
    return either;
  }

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners = this.#listeners.filter((each) => each !== listener);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  fire(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

class LightController {
  readonly signal = new LightSignal();

  abort(reason: unknown = ABORTED): void {
    this.signal.fire(reason);
  }
}

const ABORTED = new Error("This operation was aborted");

Object.assign(globalThis, { AbortController: LightController, AbortSignal: LightSignal });
